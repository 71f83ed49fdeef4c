import { Link } from '@tanstack/react-router'
import { Page as Frame } from '../../ui/page.tsx'
import { useWords } from '../../words/words.tsx'
import './settings.css'

/** Who may call, what they did, what is kept, and how the server is. */
export function Page() {
  const w = useWords().settings
  const places = [
    { to: '/settings/tokens', name: w.tokens, about: w.tokensAbout },
    { to: '/settings/audit', name: w.audit, about: w.auditAbout },
    { to: '/settings/storage', name: w.storage, about: w.storageAbout },
    { to: '/settings/doctor', name: w.doctor, about: w.doctorAbout },
  ] as const
  return (
    <Frame title={w.title}>
      <ul className="settings-places">
        {places.map(({ to, name, about }) => (
          <li key={to}>
            <Link to={to}>
              <span className="settings-name">{name}</span>
              <span className="quiet">{about}</span>
            </Link>
          </li>
        ))}
      </ul>
    </Frame>
  )
}
