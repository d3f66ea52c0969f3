import { useState } from "react";
import { Icon, type IconName } from "@/ui/icons";

type Theme = "auto" | "light" | "dark";

const themes: { theme: Theme; label: string; icon: IconName }[] = [
  { theme: "auto", label: "Theme of this computer", icon: "auto" },
  { theme: "light", label: "Light theme", icon: "sun" },
  { theme: "dark", label: "Dark theme", icon: "moon" },
];

function apply(theme: Theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    if (theme === "auto") localStorage.removeItem("asepsis.theme");
    else localStorage.setItem("asepsis.theme", theme);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}

/** ThemeSwitch chooses light, dark, or whatever the computer is set to. */
export function ThemeSwitch() {
  const [theme, setTheme] = useState<Theme>((document.documentElement.dataset.theme as Theme | undefined) ?? "auto");
  return (
    <div className="themes" role="group" aria-label="Theme">
      {themes.map((one) => (
        <button
          key={one.theme}
          type="button"
          aria-label={one.label}
          title={one.label}
          aria-pressed={theme === one.theme}
          onClick={() => {
            apply(one.theme);
            setTheme(one.theme);
          }}
        >
          <Icon name={one.icon} size={16} />
        </button>
      ))}
    </div>
  );
}
