/** The strength of a password, as a hint while it is typed. The server decides. */
export interface Strength {
  level: 0 | 1 | 2 | 3;
  word: string;
  advice: string;
}

export const minimumLength = 12;

const common = ["password", "hospital", "welcome", "qwerty", "letmein", "asepsis", "123456", "nurse", "summer", "winter", "spring", "autumn"];

/**
 * passwordStrength counts what makes guessing long: length first, then variety.
 * Words that everyone tries, the person's own name and repetition count little.
 */
export function passwordStrength(password: string, personal: string[] = []): Strength {
  const plain = password.toLowerCase();
  if (password.length < minimumLength) {
    const rest = minimumLength - password.length;
    return { level: 0, word: "Too short", advice: `${rest} more character${rest === 1 ? "" : "s"}. Four or five unrelated words make a good one.` };
  }
  const distinct = new Set(plain).size;
  const known = [...common, ...personal.flatMap((text) => text.toLowerCase().split(/[^a-z0-9]+/)).filter((part) => part.length > 3)];
  let guess = plain;
  for (const word of known) guess = guess.replaceAll(word, "");
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((kind) => kind.test(password)).length;
  const weight = guess.length + (kinds - 1) * 2 + Math.min(distinct, 14) / 2;
  if (distinct < 6 || guess.length < 6) return { level: 1, word: "Easy to guess", advice: "Avoid repetition, names and words that everyone tries." };
  if (weight < 20) return { level: 2, word: "Fair", advice: "Longer is stronger: add a word." };
  return { level: 3, word: "Strong", advice: "Keep it in a password manager." };
}
