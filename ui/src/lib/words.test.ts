import { describe, expect, it } from "vitest";
import { ago, value } from "./format";
import { parameterWord, parseValue } from "./parameter";
import { passwordStrength } from "./password";
import { attributeLabel, inWords, scoreWord, sentence, ecosystemWord, flawWord, keyWord, witnessWord } from "./words";

describe("inWords", () => {
  it("tells attributes and values in words", () => {
    expect(inWords("mfa_enabled: false · mfa_methods: [sms voice]")).toBe("MFA enabled: no · MFA methods: sms, voice");
    expect(inWords("os_support_ends_at: no source gave it")).toBe("System support ends: no source gave it");
  });

  it("knows an attribute that is written with spaces", () => {
    expect(inWords("mfa enabled: no · last login at: 21 Nov 2026")).toBe("MFA enabled: no · Last sign-in: 21 Nov 2026");
  });

  it("leaves sentences alone", () => {
    const sentence = "The agent was silent since 3 Nov: look at it.";
    expect(inWords(sentence)).toBe(sentence);
  });
});

describe("scoreWord", () => {
  it("is never a zero", () => {
    expect(scoreWord(null)).toBe("not measured");
    expect(scoreWord(0)).toBe("nothing passes yet");
    expect(scoreWord(80.9)).toBe("81 of 100");
  });
});

describe("sentence", () => {
  it("begins with a capital and ends with a period", () => {
    expect(sentence("the link has expired")).toBe("The link has expired.");
    expect(sentence("Stop!")).toBe("Stop!");
  });

  it("leaves the name of a file as it is", () => {
    expect(sentence('roster.csv: line 2: "bad" is not a date')).toBe('roster.csv: line 2: "bad" is not a date.');
  });
});

describe("attributeLabel", () => {
  it("begins with a capital and keeps abbreviations", () => {
    expect(attributeLabel("baa_signed_at")).toBe("BAA signed");
    expect(attributeLabel("email")).toBe("E-mail");
  });
});

describe("value", () => {
  it("tells yes from no from not known", () => {
    expect(value(true)).toBe("Yes");
    expect(value(false)).toBe("No");
    expect(value(null)).toBe("–");
    expect(value(0)).toBe("0");
    expect(value([])).toBe("none");
  });

  it("does not let a date slip to the day before", () => {
    expect(value("2026-11-02T00:00:00Z")).toBe("Nov 2, 2026");
  });
});

describe("ago", () => {
  const now = new Date("2026-11-25T12:00:00Z");
  it.each([
    ["2026-11-25T11:59:30Z", "just now"],
    ["2026-11-25T09:00:00Z", "3 hours ago"],
    ["2026-11-24T11:00:00Z", "yesterday"],
    ["2026-12-02T12:00:00Z", "next week"],
  ])("%s", (at, want) => expect(ago(at, now)).toBe(want));
});

describe("passwordStrength", () => {
  it("counts length, not tricks", () => {
    expect(passwordStrength("P@ssw0rd!").word).toBe("Too short");
    expect(passwordStrength("aaaaaaaaaaaaaaaa").word).toBe("Easy to guess");
    expect(passwordStrength("hospitalhospital1").word).toBe("Easy to guess");
    expect(passwordStrength("copper lantern walrus spoon").word).toBe("Strong");
  });

  it("does not count the person's own name", () => {
    expect(passwordStrength("DanaOseiDanaOsei", ["Dana Osei"]).level).toBe(1);
  });
});

describe("parameterWord", () => {
  it("says shares, durations and plain values", () => {
    expect(parameterWord(0.95, "share")).toBe("95%");
    expect(parameterWord("35d", "days or hours")).toBe("35 days");
    expect(parameterWord("1h", "days or hours")).toBe("1 hour");
    expect(parameterWord(365, "days")).toBe("365 days");
    expect(parameterWord(["entra", "okta"])).toBe("entra, okta");
  });
});

describe("parseValue", () => {
  it("reads each type, and refuses what is not of it", () => {
    expect(parseValue("int", " 30 ")).toEqual({ value: 30 });
    expect(parseValue("int", "30.5").error).toBeDefined();
    expect(parseValue("double", "0.95")).toEqual({ value: 0.95 });
    expect(parseValue("double", "").error).toBeDefined();
    expect(parseValue("bool", "false")).toEqual({ value: false });
    expect(parseValue("list(string)", "a, b,,")).toEqual({ value: ["a", "b"] });
    expect(parseValue("string", " ").error).toBeDefined();
  });
});

describe("names that programs give", () => {
  it.each([
    ["Ubuntu:22.04", "Ubuntu 22.04"],
    ["Red Hat:enterprise_linux:9", "Red Hat Enterprise Linux 9"],
    ["Red Hat:enterprise_linux:9::appstream", "Red Hat Enterprise Linux 9"],
    ["debian-12", "Debian 12"],
    ["pypi", "Python"],
    ["windows", "Windows program"],
    ["Windows", "Windows"],
    ["crates.io", "crates.io"],
  ])("the kind of software %s is %s", (name, want) => expect(ecosystemWord(name)).toBe(want));

  it.each([
    ["CVE-2024-3094", "CVE-2024-3094"],
    ["nessus:9990:0", "Nessus 9990"],
    ["DEMO-2026-0101", "DEMO-2026-0101"],
  ])("the flaw %s is %s", (id, want) => expect(flawWord(id)).toBe(want));

  it("a witness begins with the scanner's own name", () => {
    expect(witnessWord("nessus 9990")).toBe("Nessus 9990");
    expect(witnessWord("advisories: DSA-1, DSA-2")).toBe("Advisories: DSA-1, DSA-2");
  });

  it("what identifies a device is told in words", () => {
    expect(keyWord("mac:02:00:5e:00:01:ad")).toEqual({ what: "MAC address", value: "02:00:5e:00:01:ad" });
    expect(keyWord("serial:5cg1")).toEqual({ what: "Serial number", value: "5cg1" });
  });
});
