import { useState } from "react";
import { Link, useSearchParams } from "react-router";
import { useDeleteView, useEditAssets, useInventory, usePutView, useViews } from "@/api/inventory";
import { may, useSession } from "@/api/session";
import { count, plural } from "@/lib/format";
import { attributeLabel } from "@/lib/words";
import { Dialog } from "@/ui/dialog";
import { Field, Select } from "@/ui/field";
import { Icon } from "@/ui/icons";
import { ErrorState } from "@/ui/page";
import { notify } from "@/ui/toast";
import "./assets.css";

/** Summary counts the inventory and leads to what is open about it. */
export function Summary() {
  const { data } = useInventory();
  if (!data) return null;
  const items: [number, string, string][] = [
    [data.in_use, "in use", "/assets"],
    [data.unknown, "seen on the network, in no list", "/assets?f.known=false"],
    [data.no_owner, "without an owner", "/assets?f.owner=~"],
    [data.medical, "medical", "/assets?f.class=medical_device"],
    [data.fragile, "marked not to be probed", "/assets?f.fragile=true"],
  ];
  return (
    <ul className="summary-strip" aria-label="The inventory in figures">
      {items.map(([n, what, to]) => (
        <li key={what}>
          {n > 0 ? (
            <Link to={to} className="quiet-link">
              <strong className="num">{count(n)}</strong> {what}
            </Link>
          ) : (
            <>
              <strong className="num">0</strong> {what}
            </>
          )}
        </li>
      ))}
      <li>
        <strong className="num">{count(data.no_software)}</strong> whose software no source lists
      </li>
      {data.questions > 0 && (
        <li>
          <Link to="/assets-questions">{plural(data.questions, "doubtful merge")} to decide</Link>
        </li>
      )}
    </ul>
  );
}

/** Views are questions to the inventory that people keep. They live in the address. */
export function Views({ kind }: { kind: "asset" | "vulnerability" }) {
  const views = useViews();
  const put = usePutView();
  const remove = useDeleteView();
  const session = useSession();
  const [params] = useSearchParams();
  const [naming, setNaming] = useState(false);
  const [name, setName] = useState("");
  const manages = may(session, "manage_inventory");
  const mine = (views.data ?? []).filter((one) => one.kind === kind);
  const filters = [...params.entries()].filter(([key]) => key.startsWith("f.")).map(([key, value]) => `${key.slice(2)}:${value === "~" ? "" : value}`);
  const asks = filters.length > 0 || params.get("q") || params.get("sort");
  if (mine.length === 0 && !(manages && asks)) return null;
  return (
    <div className="views">
      {mine.map((view) => {
        const to = new URLSearchParams();
        if (view.q) to.set("q", view.q);
        if (view.sort) to.set("sort", view.sort);
        for (const filter of view.filters ?? []) {
          const [attribute = "", value = ""] = filter.split(/:(.*)/s);
          to.set(`f.${attribute}`, value || "~");
        }
        return (
          <span key={view.name} className="tag">
            <Link to={`?${to.toString()}`}>{view.name}</Link>
            {manages && (
              <button type="button" className="icon-button" aria-label={`Forget ${view.name}`} onClick={() => remove.mutate(view.name)}>
                <Icon name="close" size={12} />
              </button>
            )}
          </span>
        );
      })}
      {manages && asks && (
        <button type="button" className="button" onClick={() => setNaming(true)}>
          Keep this view
        </button>
      )}
      <Dialog title="Keep this view" open={naming} onClose={() => setNaming(false)}>
        <form
          className="form"
          onSubmit={(event) => {
            event.preventDefault();
            const q = params.get("q");
            const sort = params.get("sort");
            put.mutate(
              { name, kind, filters, ...(q ? { q } : {}), ...(sort ? { sort } : {}) },
              {
                onSuccess: () => {
                  notify(`${name} is kept, for everybody.`);
                  setNaming(false);
                  setName("");
                },
              },
            );
          }}
        >
          <Field label="Name" required maxLength={80} value={name} onChange={(event) => setName(event.target.value)} hint="Such as: infusion pumps without an owner" />
          {put.error && <ErrorState error={put.error} />}
          <div className="dialog-foot">
            <button type="button" className="button" onClick={() => setNaming(false)}>
              Cancel
            </button>
            <button type="submit" className="button" data-primary disabled={put.isPending}>
              Keep
            </button>
          </div>
        </form>
      </Dialog>
    </div>
  );
}

const choices: Record<string, [value: string, word: string][] | "text" | "bool"> = {
  owner: "text",
  site: "text",
  zone: "text",
  location: "text",
  tag: "text",
  criticality: [
    ["life_supporting", "Life-supporting"],
    ["clinical", "Clinical"],
    ["business", "Business"],
    ["minor", "Minor"],
  ],
  class: [
    ["server", "Server"],
    ["workstation", "Workstation"],
    ["laptop", "Laptop"],
    ["medical_device", "Medical device"],
    ["network_device", "Network device"],
    ["mobile", "Mobile"],
    ["printer", "Printer"],
    ["iot", "Building or other device"],
  ],
  status: [
    ["in_use", "In use"],
    ["in_stock", "In stock"],
    ["retired", "Retired"],
  ],
  fragile: "bool",
  internet_facing: "bool",
  handles_phi: "bool",
};

/** EditDialog sets one thing that people know of many devices at once. */
export function EditDialog({ assets, onClose }: { assets: string[]; onClose: () => void }) {
  const [name, setName] = useState("owner");
  const [value, setValue] = useState("");
  const edit = useEditAssets();
  const choice = choices[name] ?? "text";
  return (
    <Dialog title={`Edit ${plural(assets.length, "device")}`} open onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          const said = value === "" ? null : choice === "bool" ? value === "true" : value;
          edit.mutate(
            { assets, values: { [name]: said } },
            {
              onSuccess: (done) => {
                notify(`${plural(done.changed, "device")} changed.`);
                onClose();
              },
            },
          );
        }}
      >
        <Select
          label="What"
          value={name}
          onChange={(event) => {
            setName(event.target.value);
            setValue("");
          }}
        >
          {Object.keys(choices).map((one) => (
            <option key={one} value={one}>
              {attributeLabel(one)}
            </option>
          ))}
        </Select>
        {choice === "text" ? (
          <Field label="Value" value={value} onChange={(event) => setValue(event.target.value)} hint="Leave it empty to take back what a person said before." />
        ) : (
          <Select label="Value" value={value} onChange={(event) => setValue(event.target.value)}>
            <option value="">Take back what a person said</option>
            {(choice === "bool" ? ([["true", "Yes"], ["false", "No"]] as [string, string][]) : choice).map(([key, word]) => (
              <option key={key} value={key}>
                {word}
              </option>
            ))}
          </Select>
        )}
        {edit.error && <ErrorState error={edit.error} />}
        <div className="dialog-foot">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button" data-primary disabled={edit.isPending}>
            Save
          </button>
        </div>
      </form>
    </Dialog>
  );
}
