/** How a model answers, as a person writes it. */
import { z } from 'zod'

export const serving = z.strictObject({})
