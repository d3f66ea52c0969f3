import { describe, expect, it } from "vitest";
import { coverageText, tallyParts, tallyText } from "./coverage";
import { percent } from "./format";

describe("coverageText", () => {
  it.each([
    [412, 431, "412 of 431 hosts, 19 not measured"],
    [431, 431, "All 431 hosts measured"],
    [0, 431, "None of 431 hosts measured"],
    [1, 1, "1 host, measured"],
    [0, 1, "None of 1 host measured"],
    [1200, 2400, "1,200 of 2,400 hosts, 1,200 not measured"],
    // Everything of nothing is not everything.
    [0, 0, "No hosts known yet"],
  ])("%i of %i", (measured, inScope, want) => {
    expect(coverageText({ measured, in_scope: inScope }, "host")).toBe(want);
  });
});

const none = { pass: 0, fail: 0, not_applicable: 0, not_measured: 0, error: 0 };

describe("tallyText", () => {
  it("tells each part, and what is out of scope apart from it", () => {
    expect(tallyText({ pass: 67, fail: 8, not_measured: 2, error: 1, not_applicable: 40 })).toBe(
      "67 pass, 8 fail, 1 could not be judged, 2 not measured, 40 out of scope",
    );
  });

  it("never calls nothing a pass", () => {
    expect(tallyText(none)).toBe("Nothing in scope yet");
    expect(tallyText({ ...none, not_applicable: 3 })).toBe("3 out of scope");
  });
});

describe("tallyParts", () => {
  it("shares out what is in scope, and nothing else", () => {
    const parts = tallyParts({ pass: 1, fail: 1, not_measured: 2, error: 0, not_applicable: 100 });
    expect(parts.map((part) => [part.key, part.share])).toEqual([
      ["pass", 0.25],
      ["fail", 0.25],
      ["not_measured", 0.5],
    ]);
    expect(tallyParts(none)).toEqual([]);
  });
});

describe("percent", () => {
  it("calls nothing all that is not, and nothing none that is some", () => {
    expect(percent(999, 1000)).toBe("99%");
    expect(percent(1, 1000)).toBe("1%");
    expect(percent(0, 1000)).toBe("0%");
    expect(percent(1000, 1000)).toBe("100%");
    expect(percent(0, 0)).toBe("–");
  });
});
