import { compareRoutes } from './pages/compare/routes.tsx'
import { dataRoutes } from './pages/data/routes.tsx'
import { experimentsRoutes } from './pages/experiments/routes.tsx'
import { featuresRoutes } from './pages/features/routes.tsx'
import { flowsRoutes } from './pages/flows/routes.tsx'
import { lineageRoutes } from './pages/lineage/routes.tsx'
import { modelsRoutes } from './pages/models/routes.tsx'
import { overviewRoutes } from './pages/overview/routes.tsx'
import { predictRoutes } from './pages/predict/routes.tsx'
import { predictionsRoutes } from './pages/predictions/routes.tsx'
import { runRoutes } from './pages/run/routes.tsx'
import { settingsRoutes } from './pages/settings/routes.tsx'
import { signInRoutes } from './pages/sign-in/routes.tsx'
import { timeRoutes } from './pages/time/routes.tsx'
import { trainRoutes } from './pages/train/routes.tsx'
import { watchRoutes } from './pages/watch/routes.tsx'
import { rootRoute } from './root-route.tsx'

/** Each area has its pages in a file of its own. */
export const routeTree = rootRoute.addChildren([
  ...overviewRoutes,
  ...dataRoutes,
  ...lineageRoutes,
  ...timeRoutes,
  ...featuresRoutes,
  ...experimentsRoutes,
  ...runRoutes,
  ...compareRoutes,
  ...trainRoutes,
  ...modelsRoutes,
  ...predictionsRoutes,
  ...predictRoutes,
  ...watchRoutes,
  ...flowsRoutes,
  ...settingsRoutes,
  ...signInRoutes,
])
