import type { DiscoveryScope } from "@/api/types";
import { Field, Select } from "@/ui/field";

type Access = NonNullable<DiscoveryScope["snmp"]>;

/** snmpWord says how devices of a network are read. Secrets never come back from the server. */
export function snmpWord(one: DiscoveryScope): string {
  if (!one.snmp) return "";
  if (one.snmp.version === "2c") return "SNMP 2c, in clear text";
  return `SNMP 3 as ${one.snmp.user}${one.snmp.privacy ? "" : ", in clear text"}`;
}

const auths = ["sha256", "sha384", "sha512", "sha224", "sha", "md5"] as const;
const privacies = ["aes", "aes192", "aes256", "aes192c", "aes256c", "des"] as const;

/** SnmpFields asks for what devices are read with. A secret that is left empty stays as it is. */
export function SnmpFields({
  access,
  kept,
  change,
}: {
  access: Access | undefined;
  kept: Access | undefined;
  change: (next: Access | undefined) => void;
}) {
  const set = (part: Partial<Access>) => access && change({ ...access, ...part });
  const stays = (same: boolean) => (kept && same ? "Left empty, the one that is kept stays." : undefined);
  const sameUser = kept?.version === access?.version && kept?.user === access?.user;
  return (
    <>
      <Select
        label="Ask devices what they are (SNMP)"
        value={access?.version ?? ""}
        onChange={(event) => {
          const version = event.target.value;
          if (version === "3") change({ version: "3", user: "", auth: "sha256", privacy: "aes" });
          else if (version === "2c") change({ version: "2c" });
          else change(undefined);
        }}
      >
        <option value="">No</option>
        <option value="3">Version 3, with a user</option>
        <option value="2c">Version 2c, with a community</option>
      </Select>
      {access && (
        <p className="hint">
          Printers, UPS and switches say who made them, their serial number, and which device hangs on which port. It only reads.
          {access.version === "2c" && " The community goes to every device here in clear text: version 3 is safer."}
        </p>
      )}
      {access?.version === "2c" && (
        <Field
          label="Community"
          type="password"
          autoComplete="off"
          required={!(kept && sameUser)}
          value={access.community ?? ""}
          onChange={(event) => set({ community: event.target.value || undefined })}
          hint={stays(sameUser) ?? "The one the devices were set up with. None is tried by itself."}
        />
      )}
      {access?.version === "3" && (
        <>
          <Field label="User" required value={access.user ?? ""} onChange={(event) => set({ user: event.target.value })} />
          <Select label="The user proves who it is by" value={access.auth} onChange={(event) => set({ auth: event.target.value as Access["auth"] })}>
            {auths.map((one) => (
              <option key={one} value={one}>
                {one.toUpperCase()}
              </option>
            ))}
          </Select>
          <Field
            label="Password"
            type="password"
            autoComplete="off"
            required={!(kept && sameUser)}
            value={access.auth_key ?? ""}
            onChange={(event) => set({ auth_key: event.target.value || undefined })}
            hint={stays(sameUser)}
          />
          <Select
            label="Answers are encrypted by"
            value={access.privacy ?? ""}
            onChange={(event) => set({ privacy: (event.target.value || undefined) as Access["privacy"] })}
          >
            {privacies.map((one) => (
              <option key={one} value={one}>
                {one.toUpperCase()}
              </option>
            ))}
            <option value="">Nothing: in clear text</option>
          </Select>
          {access.privacy && (
            <Field
              label="Password for encryption"
              type="password"
              autoComplete="off"
              required={!(kept?.privacy && sameUser)}
              value={access.privacy_key ?? ""}
              onChange={(event) => set({ privacy_key: event.target.value || undefined })}
              hint={stays(sameUser)}
            />
          )}
        </>
      )}
    </>
  );
}
