import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { useState } from "react";
import { afterEach, describe, expect, it } from "vitest";
import type { ColumnMapping } from "@/api/types";
import { startChoice } from "@/lib/mapping";
import { Mapping } from "./mapping";

const mapping: ColumnMapping = {
  table: "people",
  unsure: true,
  why: "no field is like the header “No”",
  columns: [
    { header: "No", field: "", match: "none", sample: ["17", "18"] },
    { header: "Who", field: "name", match: "alias", sample: ["Ann Lee"] },
  ],
  fields: [
    { name: "employee_id", doc: "employee number", required: true },
    { name: "name", doc: "name", required: false },
  ],
};

function Step() {
  const [choice, setChoice] = useState(startChoice(mapping.columns));
  return (
    <>
      <Mapping mapping={mapping} choice={choice} asked onChange={setChoice} />
      <output data-testid="choice">{JSON.stringify(choice)}</output>
    </>
  );
}

afterEach(cleanup);

describe("Mapping", () => {
  it("asks for what is still needed until a column gives it", () => {
    render(<Step />);
    expect(screen.getByText("No field is like the header “No”.", { exact: false })).toBeTruthy();
    expect(screen.getByText(/Still needed: Employee ID/)).toBeTruthy();
    fireEvent.change(screen.getByLabelText("What No is"), { target: { value: "employee_id" } });
    expect(screen.queryByText(/Still needed/)).toBeNull();
    expect(screen.getByTestId("choice").textContent).toBe('{"No":"employee_id","Who":"name"}');
  });

  it("moves a field from one column to another", () => {
    render(<Step />);
    fireEvent.change(screen.getByLabelText("What No is"), { target: { value: "name" } });
    expect(screen.getByTestId("choice").textContent).toBe('{"No":"name","Who":""}');
    expect(screen.getByLabelText<HTMLSelectElement>("What Who is").value).toBe("");
  });

  it("shows what each column holds", () => {
    render(<Step />);
    expect(screen.getByText("17 · 18")).toBeTruthy();
  });
});
