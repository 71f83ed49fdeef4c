/**
 * identity: who does something, and whether they may.
 *
 * - Everything is done by somebody: a request, a command and a flow each have a principal, which whatever they call can ask for.
 *
 * Doors: audit-erase.ts, audit-routes.ts, audit.ts, principal.ts, trail.ts.
 */
export {}
