import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { useLiveState } from '../api/live.tsx'
import { setTheme, type Theme, themeNow } from '../theme.ts'
import { Loading } from '../ui/states.tsx'
import { type Language, useLanguage } from '../words/words.tsx'
import { Choice } from './choice.tsx'
import { Nav } from './nav.tsx'
import { SessionWatch, WhoIsHere } from './session.tsx'
import './shell.css'

const Palette = lazy(() => import('./palette.tsx'))

/** The frame of all pages: navigation, the command palette, the state of the connection, theme and language. */
export function Shell() {
  const { words, language, speak } = useLanguage()
  const w = words.shell
  const [open, setOpen] = useState(false)
  const [finding, setFinding] = useState(false)
  const [theme, chooseTheme] = useState<Theme>(themeNow)
  const main = useRef<HTMLElement>(null)
  const path = useRouterState({ select: (state) => state.location.pathname })
  useShortcut(() => setFinding(true))
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new page closes the menu
  useEffect(() => setOpen(false), [path])
  return (
    <div className="shell">
      <button className="shell-skip" type="button" onClick={() => main.current?.focus()}>
        {w.toContent}
      </button>
      <header className="shell-head">
        <div className="shell-top">
          <Brand />
          <button className="shell-find" type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
            {w.menu}
          </button>
        </div>
        <div className="shell-side" data-open={open}>
          <Brand />
          <button className="shell-find" type="button" onClick={() => setFinding(true)}>
            {w.find} <kbd>Ctrl K</kbd>
          </button>
          <Nav onGo={() => setOpen(false)} />
          <div className="shell-foot">
            <WhoIsHere />
            <Live />
            <a className="shell-live" href="docs">
              {w.api}
            </a>
            <div className="shell-choices">
              <Choice
                label={w.theme}
                value={theme}
                options={w.themes}
                onChange={(next: Theme) => {
                  chooseTheme(next)
                  setTheme(next)
                }}
              />
              <Choice
                label={w.language}
                value={language}
                options={{ en: 'English', fr: 'Français' }}
                onChange={(next: Language) => speak(next)}
              />
            </div>
          </div>
        </div>
      </header>
      <main className="shell-main" id="content" ref={main} tabIndex={-1}>
        <SessionWatch />
        <Suspense fallback={<Loading />}>
          <Outlet />
        </Suspense>
      </main>
      {finding && (
        <Suspense fallback={null}>
          <Palette onClose={() => setFinding(false)} />
        </Suspense>
      )}
    </div>
  )
}

function Brand() {
  return (
    <Link to="/" className="shell-brand">
      <img src="./weir.svg" alt="" />
      Weir
    </Link>
  )
}

function Live() {
  const state = useLiveState()
  const w = useLanguage().words.shell.live
  return (
    <p className="shell-live" role="status">
      <span className="shell-dot" data-state={state} />
      {w[state]}
    </p>
  )
}

/** Ctrl K or Cmd K, and / outside of a field. */
function useShortcut(find: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing =
        event.target instanceof Element && event.target.closest('input, textarea, select, [contenteditable]')
      const asked = (event.key === 'k' && (event.ctrlKey || event.metaKey)) || (event.key === '/' && !typing)
      if (!asked) return
      event.preventDefault()
      find()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [find])
}
