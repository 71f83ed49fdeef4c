import { useState } from 'react'
import { useWords } from '../words/words.tsx'
import { Button } from './button.tsx'
import './code.css'

/** Puts a text into the clipboard and says so. */
export function Copy({ text, label }: { text: string; label?: string }) {
  const w = useWords().ui
  const [copied, setCopied] = useState(false)
  const copy = () => {
    void navigator.clipboard.writeText(text).then(() => {
      setCopied(true)
      setTimeout(() => setCopied(false), 1_500)
    })
  }
  return (
    <Button small look="quiet" onPress={copy} aria-label={label ?? `${w.copy}: ${text.slice(0, 60)}`}>
      {copied ? w.copied : (label ?? w.copy)}
    </Button>
  )
}

/** Text as a machine reads it, with a way to copy it. */
export function Code({ text, copy = true, label }: { text: string; copy?: boolean; label?: string }) {
  const w = useWords().ui
  return (
    <div className="code">
      <pre tabIndex={0} role="region" aria-label={label ?? w.code}>
        {text}
      </pre>
      {copy && <Copy text={text} />}
    </div>
  )
}
