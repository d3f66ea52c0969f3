import { describe, expect, it } from "vitest";
import { changed, choose, missingFields, startChoice } from "./mapping";

const columns = [
  { header: "No", field: "employee_id", match: "guess", sample: ["1"] },
  { header: "Who", field: "name", match: "alias", sample: ["Ann"] },
  { header: "Notes", field: "", match: "none", sample: [] },
];
const fields = [
  { name: "employee_id", doc: "", required: true },
  { name: "name", doc: "", required: false },
  { name: "email", doc: "", required: true },
];

describe("the mapping step", () => {
  it("begins with what the server read", () => {
    expect(startChoice(columns)).toEqual({ No: "employee_id", Who: "name", Notes: "" });
    expect(changed(startChoice(columns), columns)).toBe(false);
  });

  it("gives a field to one column only", () => {
    const choice = choose(startChoice(columns), "Notes", "name");
    expect(choice).toEqual({ No: "employee_id", Who: "", Notes: "name" });
    expect(changed(choice, columns)).toBe(true);
  });

  it("leaves any number of columns out", () => {
    const choice = choose(startChoice(columns), "Who", "");
    expect(choice).toEqual({ No: "employee_id", Who: "", Notes: "" });
  });

  it("says what is needed where no column gives any of it", () => {
    expect(missingFields(startChoice(columns), fields)).toEqual([]);
    const none = choose(startChoice(columns), "No", "");
    expect(missingFields(none, fields).map((field) => field.name)).toEqual(["employee_id", "email"]);
    expect(missingFields(choose(none, "Notes", "email"), fields)).toEqual([]);
  });
});
