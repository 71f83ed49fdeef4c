import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { Button } from '../../ui/button.tsx'
import { Combo, Select } from '../../ui/choices.tsx'
import { Section } from '../../ui/page.tsx'
import { useWords } from '../../words/words.tsx'
import { keysQuery } from '../time/queries.ts'

/** One entity by its key: typed, or found by how it begins. */
export function EntityLookup({ entities }: { entities: readonly string[] }) {
  const w = useWords().features
  const navigate = useNavigate()
  const [entity, setEntity] = useState(entities[0] ?? '')
  const [typed, setTyped] = useState('')
  const keys = useQuery({ ...keysQuery(entity, typed), enabled: entity !== '' })
  const go = (key: string) => {
    if (key !== '') void navigate({ to: '/entities/$entity/$key', params: { entity, key } })
  }
  if (entity === '') return null
  return (
    <Section title={w.lookUp} about={w.lookUpWhat}>
      <form
        className="features-lookup"
        onSubmit={(event) => {
          event.preventDefault()
          go(typed)
        }}
      >
        <Select
          label={w.entity}
          options={entities.map((name) => ({ id: name, name }))}
          value={entity}
          onChange={setEntity}
        />
        <Combo
          label={w.key}
          options={(keys.data?.keys ?? []).map(({ text }) => ({ id: text, name: text }))}
          value={typed}
          free
          onType={setTyped}
          onChange={go}
        />
        <Button type="submit" look="main" isDisabled={typed === ''}>
          {w.show}
        </Button>
      </form>
    </Section>
  )
}
