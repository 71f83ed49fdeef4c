import { QueryClient } from '@tanstack/react-query'
import { ApiError } from './client.ts'

/** One cache for all pages. A refusal is an answer: only what may be well again by itself is asked for again. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (count, error) => count < 2 && error instanceof ApiError && (error.status === 0 || error.status === 503),
      refetchOnWindowFocus: false,
    },
  },
})
