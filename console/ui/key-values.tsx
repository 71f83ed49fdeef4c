import { Fragment, type ReactNode } from 'react'
import './key-values.css'

/** Facts as name and value; what is undefined is left out. */
export function KeyValues({ items }: { items: readonly (readonly [name: ReactNode, value: ReactNode])[] }) {
  return (
    <dl className="key-values">
      {items
        .filter(([, value]) => value !== undefined)
        .map(([name, value], at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: facts have no other name
          <Fragment key={at}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </Fragment>
        ))}
    </dl>
  )
}
