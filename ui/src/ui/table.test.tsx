import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { MemoryRouter, Route, Routes, useLocation } from "react-router";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Column, DataTable, Pager } from "./table";

interface Row {
  id: string;
  name: string;
}

const columns: Column<Row>[] = [
  { id: "name", header: "Name", sort: "label", cell: (row) => row.name },
  { id: "id", header: "Number", cell: (row) => row.id },
];
const rows: Row[] = [
  { id: "1", name: "ct-scanner" },
  { id: "2", name: "nurse-pc" },
  { id: "3", name: "pump-7" },
];

function Address() {
  const { search } = useLocation();
  return <output>{search}</output>;
}

function show(at: string, children: React.ReactNode) {
  render(
    <MemoryRouter initialEntries={[at]}>
      <Routes>
        <Route
          path="*"
          element={
            <>
              {children}
              <Address />
            </>
          }
        />
      </Routes>
    </MemoryRouter>,
  );
}

const address = () => document.querySelector("output")!.textContent;

beforeAll(() => {
  globalThis.ResizeObserver ??= class {
    observe() {}
    unobserve() {}
    disconnect() {}
  };
});
afterEach(cleanup);

describe("DataTable", () => {
  const table = <DataTable caption="Devices" columns={columns} rows={rows} rowKey={(row) => row.id} href={(row) => `/assets/${row.id}`} />;

  it("keeps the order in the address, and begins at the first page", () => {
    show("/?q=a&cursor=x&page=2", table);
    fireEvent.click(screen.getByRole("button", { name: "Name" }));
    expect(address()).toBe("?q=a&sort=label");
    expect(screen.getByRole("columnheader", { name: "Name" }).getAttribute("aria-sort")).toBe("ascending");
    fireEvent.click(screen.getByRole("button", { name: "Name" }));
    expect(address()).toBe("?q=a&sort=-label");
    expect(screen.getByRole("columnheader", { name: "Name" }).getAttribute("aria-sort")).toBe("descending");
    fireEvent.click(screen.getByRole("button", { name: "Name" }));
    expect(address()).toBe("?q=a");
  });

  it("is walked with the arrow keys", () => {
    show("/", table);
    const links = screen.getAllByRole("link");
    links[0]!.focus();
    fireEvent.keyDown(links[0]!, { key: "ArrowDown" });
    expect(document.activeElement).toBe(links[1]);
    fireEvent.keyDown(links[1]!, { key: "End" });
    expect(document.activeElement).toBe(links[2]);
    // There is nothing below the last row.
    fireEvent.keyDown(links[2]!, { key: "ArrowDown" });
    expect(document.activeElement).toBe(links[2]);
    fireEvent.keyDown(links[2]!, { key: "Home" });
    expect(document.activeElement).toBe(links[0]);
  });

  it("labels each cell for the cards of a narrow screen", () => {
    show("/", table);
    expect(screen.getByRole("cell", { name: "2" }).getAttribute("data-label")).toBe("Number");
  });
});

describe("Pager", () => {
  it("goes on by the server's cursor and says which rows it shows", () => {
    show("/?q=a", <Pager next="abc" total={120} shown={50} limit={50} one="device" />);
    expect(screen.getByText("1 to 50 of 120 devices")).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "Next" }));
    expect(address()).toBe("?q=a&cursor=abc&page=2");
    expect(screen.getByText("51 to 100 of 120 devices")).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "Back" }));
    expect(address()).toBe("?q=a");
  });

  it("leads from a page opened by its address to the first one", () => {
    show("/?q=a&cursor=abc&page=3", <Pager next="" total={-1} shown={1} limit={50} one="event" />);
    expect(screen.getByText("1 event on this page")).toBeTruthy();
    expect(screen.getByRole("button", { name: "Next" })).toHaveProperty("disabled", true);
    fireEvent.click(screen.getByRole("button", { name: "First page" }));
    expect(address()).toBe("?q=a");
  });
});
