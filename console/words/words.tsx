import { createContext, type ReactNode, useContext, useEffect, useState } from 'react'
import { keep, readKept } from '../theme.ts'
import { words as english, type Words } from './en.ts'

export type Language = 'en' | 'fr'

const KEY = 'weir.language'
type Spoken = { language: Language; words: Words; speak(language: Language): void }
const SpokenContext = createContext<Spoken>({ language: 'en', words: english, speak: () => {} })

/** English is in the first load; French comes when it is asked for. */
export function WordsProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(languageNow)
  const [words, setWords] = useState<Words>(english)
  useEffect(() => {
    let over = false
    document.documentElement.lang = language
    if (language === 'en') setWords(english)
    else void import('./fr.ts').then(({ words: french }) => !over && setWords(french))
    return () => {
      over = true
    }
  }, [language])
  const speak = (next: Language) => {
    keep(KEY, next)
    setLanguage(next)
  }
  return <SpokenContext.Provider value={{ language, words, speak }}>{children}</SpokenContext.Provider>
}

export function useWords(): Words {
  return useContext(SpokenContext).words
}

export function useLanguage(): Spoken {
  return useContext(SpokenContext)
}

function languageNow(): Language {
  const kept = readKept(KEY)
  if (kept === 'en' || kept === 'fr') return kept
  return navigator.language.toLowerCase().startsWith('fr') ? 'fr' : 'en'
}
