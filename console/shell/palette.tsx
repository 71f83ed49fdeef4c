import { useNavigate } from '@tanstack/react-router'
import { Command } from 'cmdk'
import { useEffect, useState } from 'react'
import { useWords } from '../words/words.tsx'
import { NAV } from './nav.tsx'
import { type Found, usePaletteItems } from './palette-items.ts'
import './palette.css'

/** The command palette: each page, and the things of this project by name. */
export default function Palette({ onClose }: { onClose: () => void }) {
  const words = useWords()
  const w = words.shell
  const navigate = useNavigate()
  const [asked, setAsked] = useState('')
  const found = usePaletteItems(asked)
  useEffect(() => {
    const before = document.activeElement
    return () => (before as HTMLElement | null)?.focus?.()
  }, [])
  const go = (to: string) => {
    onClose()
    void navigate({ to })
  }
  const pages = [{ name: 'overview', to: '/' } as const, ...Object.values(NAV).flat()]
  return (
    <Command.Dialog open onOpenChange={(open) => !open && onClose()} label={w.find} className="palette">
      <Command.Input placeholder={w.find} aria-label={w.findWhat} value={asked} onValueChange={setAsked} />
      <Command.List>
        <Command.Empty>{w.nothingFound}</Command.Empty>
        <Command.Group heading={w.goTo}>
          {pages.map(({ name, to }) => (
            <Command.Item key={to} value={`${words[name].title} ${to}`} onSelect={() => go(to)}>
              {words[name].title}
            </Command.Item>
          ))}
          <Command.Item value={words.train.title} onSelect={() => go('/train')}>
            {words.train.title}
          </Command.Item>
        </Command.Group>
        {found.map(({ heading, items }: Found) => (
          <Command.Group key={heading} heading={heading}>
            {items.map(({ title, to }) => (
              <Command.Item key={to} value={`${heading} ${title}`} onSelect={() => go(to)}>
                {title}
              </Command.Item>
            ))}
          </Command.Group>
        ))}
      </Command.List>
    </Command.Dialog>
  )
}
