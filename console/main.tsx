import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import './ui/tokens.css'
import './ui/base.css'
import './ui/button.css'
import { LiveProvider } from './api/live.tsx'
import { queries } from './api/queries.ts'
import { overviewQuery } from './pages/overview/query.ts'
import { router } from './router.ts'
import { applyTheme } from './theme.ts'
import { ToastRegion } from './ui/toast.tsx'
import { WordsProvider } from './words/words.tsx'

applyTheme()
// The overview asks while its page is still on its way.
if (['', '#', '#/'].includes(location.hash)) void queries.prefetchQuery(overviewQuery)
const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no #root')
createRoot(root).render(
  <StrictMode>
    <WordsProvider>
      <QueryClientProvider client={queries}>
        <LiveProvider>
          <RouterProvider router={router} />
          <ToastRegion />
        </LiveProvider>
      </QueryClientProvider>
    </WordsProvider>
  </StrictMode>,
)
