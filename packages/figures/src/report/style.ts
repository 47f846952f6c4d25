import { figureStyles, fontStack } from '../theme.ts';

/** The style sheet of the page: light and dark by the reader's setting, one column on a phone, light on paper. */
export function pageStyles(): string {
  return `${figureStyles()}${rules.replaceAll(/\s*\n\s*/g, '')}`;
}

// Colours are the roles of the figures, so page and drawings cannot drift apart.
const rules = `
*,*::before,*::after{box-sizing:border-box}
:root{color-scheme:light dark;scroll-padding-top:3.5rem}
body{margin:0;background:var(--assay-surface);color:var(--assay-ink);font:16px/1.5 ${fontStack};-webkit-text-size-adjust:100%}
header,main,footer{max-width:66rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:2rem}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 .35rem;overflow-wrap:anywhere}
h2{font-size:1.3rem;line-height:1.25;margin:0 0 .75rem}
h3{font-size:1.05rem;margin:1.5rem 0 .5rem}
p{margin:0 0 .8rem;max-width:46rem;overflow-wrap:anywhere}
a{color:var(--assay-series1)}
a:focus-visible,summary:focus-visible,button:focus-visible,[tabindex]:focus-visible{outline:2px solid var(--assay-series1);outline-offset:2px}
.muted,caption,footer{color:var(--assay-muted)}
section{padding:1.6rem 0;border-top:1px solid var(--assay-grid)}
nav{position:sticky;top:0;z-index:1;background:var(--assay-surface);border-bottom:1px solid var(--assay-grid);margin-top:1.2rem}
nav ul{display:flex;gap:1.1rem;list-style:none;max-width:66rem;margin:0 auto;padding:.55rem 1.25rem;overflow-x:auto;white-space:nowrap;font-size:.9rem}
nav+main section:first-child{border-top:0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.75rem;margin:0 0 1rem}
.tile{background:var(--assay-track);border-radius:.5rem;padding:.7rem .9rem;min-width:0}
.tile dt{font-size:.85rem;color:var(--assay-muted)}
.tile dd{margin:0;font-size:1.45rem;font-weight:600;line-height:1.25;font-variant-numeric:tabular-nums}
.tile dd.range{font-size:.85rem;font-weight:400;color:var(--assay-muted)}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));gap:1.25rem 2rem;align-items:start}
figure{margin:0 0 1.25rem}
.pair>*{min-width:0}
figcaption{font-weight:600;margin:0 0 .25rem}
figcaption,summary,caption{overflow-wrap:anywhere}
svg.assay-figure{display:block;max-width:100%;height:auto;margin-left:-.35rem}
.scroll{overflow-x:auto;max-width:100%;margin:0 0 .8rem}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums;min-width:min(100%,24rem)}
caption{text-align:left;font-size:.85rem;padding:0 0 .3rem}
th,td{text-align:left;vertical-align:top;padding:.3rem .9rem .3rem 0;border-bottom:1px solid var(--assay-grid);font-weight:400;overflow-wrap:anywhere;min-width:7rem;max-width:22rem}
thead th{font-weight:600;border-bottom-color:var(--assay-axis);vertical-align:bottom;white-space:nowrap}
td:last-child:not(.number):not(:first-child){min-width:10rem}
th.number,td.number{min-width:3.2rem}
th.number,td.number,.assay-table td{text-align:right;white-space:nowrap}
th button{font:inherit;color:inherit;background:none;border:0;padding:0;cursor:pointer;text-align:inherit}
th button::after{content:" ↕";color:var(--assay-muted)}
th[aria-sort=ascending] button::after{content:" ↑";color:inherit}
th[aria-sort=descending] button::after{content:" ↓";color:inherit}
svg.range{display:block;width:7.5rem;height:1rem}
details{margin:0 0 .6rem}
summary{cursor:pointer;padding:.15rem 0}
figure details,figure summary{font-size:.9rem}
h3~details{margin:0}
ul.notes{padding-left:1.2rem;margin:0 0 .8rem;max-width:46rem}
ul.notes li,ol li{margin:0 0 .35rem;overflow-wrap:anywhere}
blockquote{margin:0 0 .8rem;padding:.1rem 0 .1rem 1rem;border-left:3px solid var(--assay-series1)}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.9em}
pre{background:var(--assay-track);border-radius:.4rem;padding:.6rem .8rem;overflow-x:auto;margin:0 0 .8rem;max-width:100%}
footer{padding-top:1.2rem;padding-bottom:3rem;font-size:.9rem}
section>:last-child,.pair>:last-child,.pair figure details{margin-bottom:0}
.skip{position:absolute;left:-99rem}
.skip:focus{left:1rem;top:.5rem;background:var(--assay-surface);padding:.4rem .6rem;z-index:2}
@media (max-width:40rem){header,main,footer{padding-left:1rem;padding-right:1rem}nav ul{padding-left:1rem;padding-right:1rem}h1{font-size:1.45rem}.tiles{grid-template-columns:repeat(2,minmax(0,1fr))}}
@media print{:root{color-scheme:light}body{font-size:10.5pt}nav,.skip,pre.command{display:none}header,main,footer{max-width:none;padding-left:0;padding-right:0}section{padding:.8rem 0}figure,.tile,tr{break-inside:avoid}h2,h3,figcaption{break-after:avoid}.scroll{overflow:visible}th button::after{content:""}a{color:inherit;text-decoration:none}figure details{display:none}}
`;
