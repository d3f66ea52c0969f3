import type { ReactNode } from "react";
import { useSession } from "@/api/session";
import { Toasts } from "@/ui/toast";
import { DemoBanner } from "./demo";
import { Brand } from "./nav";
import { ThemeSwitch } from "./theme";

/** Gate surrounds the pages before sign-in. */
export function Gate({ slim = false, children }: { slim?: boolean; children: ReactNode }) {
  const session = useSession();
  return (
    <div className="gate">
      <header>
        <div className="gate-head">
          <Brand />
          <ThemeSwitch />
        </div>
        {session?.demo && <DemoBanner />}
      </header>
      <main className="gate-main" data-slim={slim || undefined}>
        {children}
      </main>
      <Toasts />
    </div>
  );
}
