import { createRootRoute } from '@tanstack/react-router'
import { BrokenPage, NoPage } from './shell/no-page.tsx'
import { Shell } from './shell/shell.tsx'

/** All pages stand inside of the shell. */
export const rootRoute = createRootRoute({ component: Shell, notFoundComponent: NoPage, errorComponent: BrokenPage })
