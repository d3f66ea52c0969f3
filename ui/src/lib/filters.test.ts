import { describe, expect, it } from "vitest";
import { attributeFilters, nextSort, readFilters, writeFilters } from "./filters";

describe("readFilters", () => {
  it("reads what the address says and leaves the rest empty", () => {
    const params = new URLSearchParams("q=%20radiology%20&verdict=fail&other=1");
    expect(readFilters(params, ["q", "verdict", "sort"])).toEqual({ q: "radiology", verdict: "fail", sort: "" });
  });
});

describe("writeFilters", () => {
  it("begins at the first page again when a filter changes", () => {
    const params = new URLSearchParams("q=a&cursor=abc&page=3");
    expect(writeFilters(params, { verdict: "fail" }).toString()).toBe("q=a&verdict=fail");
  });

  it("keeps the filters when the page changes", () => {
    const params = new URLSearchParams("q=a&verdict=fail");
    expect(writeFilters(params, { cursor: "abc", page: "2" }).toString()).toBe("q=a&verdict=fail&cursor=abc&page=2");
  });

  it("takes empty filters out of the address", () => {
    const params = new URLSearchParams("q=a&f.zone=clinical");
    expect(writeFilters(params, { "f.zone": null, q: "" }).toString()).toBe("");
  });

  it("leaves the address it was given as it was", () => {
    const params = new URLSearchParams("q=a");
    writeFilters(params, { q: "b" });
    expect(params.toString()).toBe("q=a");
  });

  it("round-trips what readFilters gives", () => {
    const filters = { q: "a & b", verdict: "fail", sort: "-label" };
    const params = writeFilters(new URLSearchParams(), filters);
    expect(readFilters(new URLSearchParams(params.toString()), ["q", "verdict", "sort"])).toEqual(filters);
  });
});

describe("nextSort", () => {
  it("goes up, down, and back to the server's order", () => {
    expect(nextSort("", "label")).toBe("label");
    expect(nextSort("label", "label")).toBe("-label");
    expect(nextSort("-label", "label")).toBe("");
    expect(nextSort("label", "zone")).toBe("zone");
  });
});

describe("attributeFilters", () => {
  it("reads only the filters by attribute, values with colons whole", () => {
    const params = new URLSearchParams("q=a&f.zone=clinical&f.directory=ad:west");
    expect(attributeFilters(params)).toEqual([
      { attribute: "zone", value: "clinical" },
      { attribute: "directory", value: "ad:west" },
    ]);
  });
});
