/** Its own types are not found by its `exports`; these are the functions that are used. */
declare module 'cephes' {
  /** The upper part of the regularised incomplete gamma function. */
  export function igamc(a: number, x: number): number
  /** The distribution function of the normal distribution. */
  export function ndtr(x: number): number
  /** The logarithm of the gamma function. */
  export function lgam(x: number): number
  /** How likely the one-sided distance of Kolmogorov for n values is at least d. */
  export function smirnov(n: number, d: number): number
}
