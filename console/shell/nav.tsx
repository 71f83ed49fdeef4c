import { Link } from '@tanstack/react-router'
import { useWords } from '../words/words.tsx'
import { Icon } from './icons.tsx'

/** The pages of the first level, in the order of the picture of the house. */
export const NAV = {
  work: [
    { name: 'data', to: '/data' },
    { name: 'time', to: '/time' },
    { name: 'features', to: '/features' },
    { name: 'experiments', to: '/experiments' },
  ],
  serve: [
    { name: 'models', to: '/models' },
    { name: 'predict', to: '/predict' },
    { name: 'watch', to: '/watch' },
  ],
  run: [
    { name: 'flows', to: '/flows' },
    { name: 'lineage', to: '/lineage' },
    { name: 'settings', to: '/settings' },
  ],
} as const

const SECTIONS = ['work', 'serve', 'run'] as const

export function Nav({ onGo }: { onGo: () => void }) {
  const words = useWords()
  return (
    <nav className="shell-nav" aria-label={words.shell.menu}>
      <div>
        <Link to="/" onClick={onGo} activeOptions={{ exact: true }}>
          <Icon name="overview" />
          {words.overview.title}
        </Link>
      </div>
      {SECTIONS.map((section) => (
        <div key={section}>
          <p className="shell-nav-title">{words.shell.sections[section]}</p>
          {NAV[section].map(({ name, to }) => (
            <Link key={name} to={to} onClick={onGo}>
              <Icon name={name} />
              {words[name].title}
            </Link>
          ))}
        </div>
      ))}
    </nav>
  )
}
