import './plot.css'

/** A plot of ours as an image: nothing in it can run, and it is light or dark as the page is. */
export function Plot({ svg, label }: { svg: string; label: string }) {
  return <img className="plot" src={`data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`} alt={label} />
}
