export const STYLE = `
:root{color-scheme:light dark;--ink:#1c1e21;--soft:#5c6370;--ground:#fff;--line:#dfe2e6;--bad:#b42318;--good:#1a7f4b;--reference:#b7c3d4;--current:#0b62d6}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#a3aab5;--ground:#16181c;--line:#33363c;--bad:#ff8a80;--good:#6fd39b;--reference:#4a5568;--current:#7ab4ff}}
body{margin:0;font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--ground)}
main{max-width:70rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.4rem;margin:0 0 .5rem}h2{font-size:1.1rem;margin:2.5rem 0 .25rem;overflow-wrap:anywhere}
.verdict{font-size:1.1rem;font-weight:600}.bad{color:var(--bad)}.good{color:var(--good)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
.warning{border-left:3px solid var(--soft);padding-left:.75rem;color:var(--soft)}
.wide{overflow-x:auto}table{border-collapse:collapse;margin:.75rem 0}caption{text-align:left;font-weight:600;padding:.5rem 0}
th,td{text-align:left;padding:.3rem .75rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:middle}
thead th{color:var(--soft);font-weight:500}tbody th{font-weight:500}a{color:inherit}.number{text-align:right;font-variant-numeric:tabular-nums}
svg{max-width:100%;height:auto;display:block}svg text{font:12px system-ui,sans-serif;fill:var(--soft)}
.reference-bar{fill:var(--reference)}.current-line{fill:none;stroke:var(--current);stroke-width:1.75}
.swatch{display:inline-block;width:1em;height:.7em;margin-left:.75rem}.reference-swatch{background:var(--reference)}.current-swatch{background:var(--current)}
`
