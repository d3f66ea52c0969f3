/** What the list of a kind says of itself, and what fills it. */
export interface KindPage {
  title: string;
  lead: string;
  empty: string;
  noun: string;
  /** What one may search by. */
  find?: string;
}

const pages: Record<string, KindPage> = {
  asset: {
    title: "Assets",
    lead: "Every device that some source has seen, merged where two sources mean the same one.",
    empty: "Bring a device inventory, a network scan or a scanner's export, or run an assessment on a machine.",
    noun: "devices",
    find: "Name, address, serial number, model, owner",
  },
  person: {
    title: "People",
    lead: "Everyone on the roster: employees, contractors, volunteers and students.",
    empty: "Bring the staff roster as CSV or Excel. It lets training and leavers be measured.",
    noun: "people",
    find: "Name, e-mail, role, department",
  },
  vendor: {
    title: "Vendors",
    lead: "Suppliers, what they can reach, and what their contracts promise.",
    empty: "Bring the vendor list as CSV or Excel, with contract terms where you have them.",
    noun: "vendors",
  },
  account: {
    title: "Accounts",
    lead: "Every sign-in that some source has seen, on machines and in directories.",
    empty: "Bring an export of accounts from Active Directory, Entra ID, Okta, Google or your EHR.",
    noun: "accounts",
  },
};

export function kindPage(kind: string, title: string): KindPage {
  return pages[kind] ?? { title, lead: "", empty: "An assessment or an import fills this list.", noun: title.toLowerCase() };
}
