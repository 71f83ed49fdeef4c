import { Link } from '@tanstack/react-router'
import { type ReactNode, useEffect } from 'react'
import './page.css'

export type Crumb = { title: string; to: string }

/** The frame of one page: where it stands, its name, what can be done, and its content. The name is the tab's, too. */
export function Page({
  title,
  crumbs = [],
  about,
  actions,
  children,
}: {
  title: string
  crumbs?: readonly Crumb[]
  /** Short facts below the title: badges, times. */
  about?: ReactNode
  actions?: ReactNode
  children: ReactNode
}) {
  useEffect(() => {
    document.title = `${title} · Weir`
  }, [title])
  return (
    <div className="page">
      <header className="page-head">
        <div className="page-name">
          {crumbs.length > 0 && (
            <ol className="page-crumbs">
              {crumbs.map(({ title: name, to }) => (
                <li key={`${to} ${name}`}>
                  <Link to={to}>{name}</Link>
                </li>
              ))}
            </ol>
          )}
          <h1>{title}</h1>
          {about && <div className="page-about">{about}</div>}
        </div>
        {actions && <div className="row">{actions}</div>}
      </header>
      {children}
    </div>
  )
}

/** A part of a page with a heading; `plain` has no box of its own. */
export function Section({
  title,
  about,
  actions,
  plain = false,
  children,
}: {
  title?: string
  about?: ReactNode
  actions?: ReactNode
  plain?: boolean
  children: ReactNode
}) {
  return (
    <section className={plain ? 'section plain' : 'section'}>
      {(title || actions) && (
        <header className="section-head">
          <div>
            {title && <h2>{title}</h2>}
            {about && <div className="section-about">{about}</div>}
          </div>
          {actions && <div className="row">{actions}</div>}
        </header>
      )}
      {children}
    </section>
  )
}
