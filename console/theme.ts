/** Light, dark, or what the system says; kept in this browser. */
export type Theme = 'system' | 'light' | 'dark'

const KEY = 'weir.theme'

export function themeNow(): Theme {
  const kept = readKept(KEY)
  return kept === 'light' || kept === 'dark' ? kept : 'system'
}

export function setTheme(theme: Theme): void {
  keep(KEY, theme === 'system' ? null : theme)
  applyTheme()
}

export function applyTheme(): void {
  const theme = themeNow()
  if (theme === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
}

/** A browser may forbid storage: then nothing is kept. */
export function readKept(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

export function keep(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key)
    else localStorage.setItem(key, value)
  } catch {
    // Then it is not kept.
  }
}
