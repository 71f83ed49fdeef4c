import type { z } from 'zod'

/** A field with what it means and an example: docs/reference/project-file.md is made of these. */
export function said<Shape extends z.ZodType>(shape: Shape, description: string, ...examples: unknown[]): Shape {
  return shape.meta({ description, examples })
}
