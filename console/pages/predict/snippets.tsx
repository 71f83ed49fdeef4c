import { useState } from 'react'
import { Code } from '../../ui/code.tsx'
import { Section } from '../../ui/page.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { useWords } from '../../words/words.tsx'
import { LANGUAGES, snippet } from './snippets.ts'

export function Snippets({ model, parts }: { model: string; parts: Record<string, string> }) {
  const w = useWords().predict
  const [language, setLanguage] = useState<string>(LANGUAGES[0])
  const base = new URL('.', window.location.href.split('#')[0]).href
  return (
    <Section title={w.copy}>
      <Tabs
        label={w.language}
        chosen={language}
        onChoose={setLanguage}
        items={LANGUAGES.map((one) => ({
          id: one,
          name: one,
          content: () => <Code text={snippet(one, { base, model, key: parts })} label={one} />,
        }))}
      />
    </Section>
  )
}
