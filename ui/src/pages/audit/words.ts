import { capital } from "@/lib/words";

/** Beginnings of actions, as the filter offers them. */
export const actionGroups: [prefix: string, word: string][] = [
  ["session", "Sign-ins"],
  ["user", "Users"],
  ["token", "API tokens"],
  ["import", "Imports"],
  ["assess", "Assessments"],
  ["parameter", "Parameters"],
  ["organization", "Organization"],
  ["ledger", "Ledger"],
  ["setup", "Set-up"],
];

const words: Record<string, string> = {
  "session.begin": "Signed in",
  "session.end": "Signed out",
  "user.invite": "Invited",
  "user.change": "Changed the user",
  "token.create": "Made the API token",
  "token.revoke": "Revoked the API token",
  "import.create": "Imported",
};

/** actionWord says an action in words; one without words of its own is spelled out. */
export function actionWord(action: string): string {
  return words[action] ?? capital(action.replaceAll(/[._]/g, " "));
}

const places: Record<string, string> = {
  loopback: "This machine",
  private: "Own network",
  public: "Internet",
  local_command: "Command line",
  unknown: "Not known",
};

export function fromWord(from: string): string {
  return places[from] ?? from;
}
