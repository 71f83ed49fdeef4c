import { useQuery, useQueryClient } from '@tanstack/react-query'
import type { TokenAnswer, TokensAnswer } from '../../../src/wire/identity.ts'
import { get, send } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { sessionQuery } from '../../api/session.ts'
import { Badge, Status, type Tone } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Confirm } from '../../ui/dialog.tsx'
import { Page as Frame, Section } from '../../ui/page.tsx'
import { Answer, Empty } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { toast, toastError } from '../../ui/toast.tsx'
import { When } from '../../ui/when.tsx'
import { useWords } from '../../words/words.tsx'
import { NewToken } from './new-token.tsx'
import './settings.css'

const TONES: Record<TokenAnswer['state'], Tone> = { usable: 'good', expired: 'warn', revoked: 'neutral' }

/** Tokens: who may call this server, and what. */
export function Page() {
  const w = useWords().settings
  const tokens = useQuery({
    queryKey: ['tokens'],
    queryFn: ({ signal }) => get<TokensAnswer>(paths.tokens(), signal),
  })
  const you = useQuery(sessionQuery)
  return (
    <Frame
      title={w.tokens}
      crumbs={[{ title: w.title, to: '/settings' }]}
      about={you.data && <You {...you.data} />}
      actions={tokens.data && <NewToken isFirst={!tokens.data.closed} />}
    >
      <Answer of={tokens}>
        {({ tokens: rows, weir_token: operator, closed }) => (
          <Section>
            {operator && <p className="quiet">{w.operator}</p>}
            {!closed && rows.length > 0 && <p className="quiet">{w.openToAll}</p>}
            {rows.length === 0 ? (
              <Empty title={w.noTokens} what={closed ? undefined : w.noTokensWhat} />
            ) : (
              <Rows rows={rows} />
            )}
          </Section>
        )}
      </Answer>
    </Frame>
  )
}

function You({
  name,
  kind,
  role,
  model,
}: {
  name: string
  kind: string
  role: TokenAnswer['role']
  model: string | null
}) {
  const w = useWords().settings
  if (kind === 'local') return <>{w.youLocal(name)}</>
  return (
    <>
      {w.you}: {name} <Badge>{w.roles[role]}</Badge> {model}
    </>
  )
}

function Rows({ rows }: { rows: readonly TokenAnswer[] }) {
  const w = useWords().settings
  const queries = useQueryClient()
  const revoke = async ({ id, name }: TokenAnswer) => {
    try {
      await send('DELETE', paths.token(id))
      toast('good', w.revoked(name))
    } catch (error) {
      toastError(error)
    }
    await queries.invalidateQueries({ queryKey: ['tokens'] })
  }
  const columns: Column<TokenAnswer>[] = [
    { id: 'name', name: w.name, cell: ({ name, id }) => <span title={id}>{name}</span> },
    {
      id: 'role',
      name: w.role,
      cell: ({ role, model }) => (
        <span className="settings-right">
          <Badge tone={role === 'admin' ? 'accent' : 'neutral'}>{w.roles[role]}</Badge> {model}
        </span>
      ),
    },
    { id: 'state', name: w.state, cell: ({ state }) => <Status tone={TONES[state]}>{w.states[state]}</Status> },
    {
      id: 'used',
      name: w.lastUsed,
      cell: ({ last_used_at: at, last_used_from: from }) => (
        <>
          <When at={at} /> <span className="quiet">{from}</span>
        </>
      ),
    },
    {
      id: 'ends',
      name: w.ends,
      cell: ({ expires_at: ends, revoked_at: gone }) =>
        (gone ?? ends) === null ? <span className="quiet">{w.untilRevoked}</span> : <When at={gone ?? ends} />,
    },
    {
      id: 'made',
      name: w.made,
      cell: ({ created_at: at, created_by: by }) => (
        <>
          <When at={at} /> <span className="quiet">{w.by(by)}</span>
        </>
      ),
    },
    {
      id: 'do',
      name: '',
      cell: (token) =>
        token.state !== 'revoked' && (
          <Confirm
            title={w.revokeTitle(token.name)}
            action={w.revoke}
            danger
            trigger={
              <Button small look="quiet" aria-label={`${w.revoke} ${token.name}`}>
                {w.revoke}
              </Button>
            }
            onConfirm={() => revoke(token)}
          >
            <p>{w.revokeWhat}</p>
          </Confirm>
        ),
    },
  ]
  return <Table label={w.tokens} columns={columns} rows={rows} keyOf={({ id }) => id} />
}
