"""The style of the HTML report, and the explanation of its drawings."""

from __future__ import annotations

__all__ = ["LEGEND", "STYLE"]

LEGEND = """<details class="legend"><summary>how to read a timeline</summary>
<p>The band on top shows the task\u2019s states. Below it each box is a request, in the lane of its host:
the operation, and the status that came back; <b>\u00d7 29</b> means 29 equal requests and replies.
A dashed box had a fault, which is named in it. A wider gap is a longer pause. A numbered flag marks the
exchange that shows the violation of that number.</p></details>
"""

STYLE = """
:root{color-scheme:light dark;--page:#f5f6f8;--card:#fff;--ink:#1a1f26;--quiet:#545d69;--edge:#d5dae1;--well:#f0f2f5;
--red:#b3261e;--green:#146c2e;--amber:#7d4e00;--blue:#0b57a4;--on:#fff;--redish:#fdecea;--greenish:#e3f4e7;
--amberish:#fdf1d8;--bluish:#e2eefb;--greyish:#e6e9ed}
@media screen and (prefers-color-scheme:dark){:root{--page:#12151a;--card:#1b2027;--ink:#e5e8ec;--quiet:#a4adb9;
--edge:#363e49;--well:#14181e;--red:#ff8f86;--green:#74d391;--amber:#f2b84b;--blue:#86bdff;--on:#12151a;--redish:#43201f;
--greenish:#18351f;--amberish:#3c2d10;--bluish:#16304c;--greyish:#2b323b}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
header>div,main{max-width:68rem;margin:0 auto;padding:1rem}
header{background:var(--card);border-bottom:1px solid var(--edge);border-top:6px solid var(--red)}
header.pass{border-top-color:var(--green)}header.error{border-top-color:var(--amber)}
h1{font-size:clamp(1.5rem,5vw,2.3rem);line-height:1.2;margin:.5rem 0;text-wrap:balance}
h2{font-size:1.35rem;margin:2.5rem 0 .75rem}
h3{font-size:1.05rem;margin:0 0 .5rem;overflow-wrap:anywhere}
p{margin:.35rem 0}
a{color:var(--blue);text-underline-offset:.25em}
:focus-visible{outline:3px solid var(--blue);outline-offset:2px;border-radius:3px}
code,pre,svg text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
code{font-size:.9em;overflow-wrap:anywhere}
pre{font-size:.8rem;line-height:1.45;margin:.5rem 0;padding:.6rem .75rem;background:var(--well);border-radius:6px;
white-space:pre-wrap;overflow-wrap:anywhere}
.quiet{color:var(--quiet);font-size:.875rem}
.count{font-weight:400;color:var(--quiet)}
.badge,.level{display:inline-block;padding:.1em .6em;border-radius:1em;font-size:.8rem;font-weight:700;margin:0;
text-transform:uppercase;letter-spacing:.04em;background:var(--red);color:var(--on)}
.pass .badge{background:var(--green)}.error .badge{background:var(--amber)}
.level{font-size:.7rem;text-transform:none;background:var(--redish);color:var(--red);border:1px solid}
.level.should{background:var(--amberish);color:var(--amber)}
.bar{display:flex;gap:2px;height:10px;margin:1rem 0 .5rem;border-radius:5px;overflow:hidden}
.bar span{flex-basis:6px;background:var(--edge)}
.bar .fail{background:var(--red)}.bar .error{background:var(--amber)}.bar .pass{background:var(--green)}
ul{padding-left:1.25rem}
.counts,.links{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;padding:0;margin:.25rem 0}
.counts li::before{content:"";display:inline-block;width:.7em;height:.7em;border-radius:2px;margin-right:.45em;
background:var(--edge)}
.counts .fail::before{background:var(--red)}.counts .error::before{background:var(--amber)}
.counts .pass::before{background:var(--green)}
.links{gap:.3rem .5rem}.links .none{background:none;padding:0}
.links li{background:var(--well);border-radius:4px;padding:.05rem .45rem;font-size:.9rem;overflow-wrap:anywhere}
.command{margin:.75rem 0 .25rem}
.command span{color:var(--quiet);font-size:.875rem}
.command code{display:block;padding:.5rem .75rem;background:var(--well);border-radius:6px;user-select:all}
article,.folder,.fold,.legend{background:var(--card);border:1px solid var(--edge);border-radius:8px}
article{padding:1rem;margin:0 0 1rem;border-left:5px solid var(--red);scroll-margin-top:.75rem}
article.error,article.should{border-left-color:var(--amber)}article.pass{border-left-color:var(--green)}
article:target{box-shadow:0 0 0 3px var(--blue)}
blockquote{margin:.5rem 0 .25rem;padding-left:.9rem;border-left:3px solid var(--edge);font-size:1.1rem}
blockquote p{margin:0}blockquote p::before{content:"\\201c"}blockquote p::after{content:"\\201d"}
.no{color:var(--quiet);font-weight:400}
.summary{font-size:1.05rem}
dl{margin:.75rem 0}
dl div{display:grid;grid-template-columns:minmax(5.5rem,11rem) 1fr;gap:.25rem .75rem;margin:.2rem 0}
article dl div{grid-template-columns:5.5rem 1fr}
dt{color:var(--quiet);font-size:.9rem}dd{margin:0;overflow-wrap:anywhere}
.violations{padding:.6rem .75rem .6rem 2rem;margin:.75rem 0;background:var(--redish);border-radius:6px}
.pass .violations{background:var(--amberish)}
.violations li{margin:.2rem 0;overflow-wrap:anywhere}.violations li::marker{font-weight:700}
.violations .quiet{display:block;color:var(--ink)}
summary{cursor:pointer;padding:.4rem .75rem;overflow-wrap:anywhere}
.fold,.folder,.legend{margin:.6rem 0}
.fold>summary,.folder>summary,.legend>summary{font-size:.95rem}
.legend p,.legend{color:var(--quiet);font-size:.9rem}.legend p{padding:0 .75rem .5rem}
.fold>pre{margin:0;border-radius:0 0 8px 8px}
.exchanges{list-style:none;margin:0;padding:0;font-size:.875rem}
.exchanges li{border-top:1px solid var(--edge);scroll-margin-top:1rem}
.exchanges .gap{padding:.35rem .75rem;color:var(--quiet)}
.exchanges summary{display:grid;grid-template-columns:3.8rem 4.4rem minmax(0,1fr) 9rem 12rem;gap:0 .6rem;
padding:.35rem .75rem;list-style:none}
.exchanges summary::-webkit-details-marker{display:none}
.exchanges summary:hover{background:var(--well)}
.n::before{content:"\\25b8";color:var(--quiet);margin-right:.2em}
[open]>summary>.n::before{content:"\\25be"}
.n,.t,.s,.x{color:var(--quiet)}
.n,.t{white-space:nowrap}
.t{text-align:right;font-variant-numeric:tabular-nums}
.q,.a,.s,.x{overflow-wrap:anywhere}.q i{color:var(--amber);font-style:normal}
.x,.exchanges .flag{grid-column:3/-1}
.a{font-weight:700}.a.ok{color:var(--green)}.a.to{color:var(--blue)}.a.no,.a.fault{color:var(--red)}
.hit{background:var(--redish)}.pass .hit{background:var(--amberish)}
li.hit>details>summary>span{color:var(--ink)}
.exchanges .flag{color:var(--red);font-weight:700}
.wire{display:grid;grid-template-columns:1fr 1fr;gap:.5rem;padding:0 .75rem}
.wire+p,.wire+p+p,.exchanges details>p{padding:0 .75rem}
.drawing,.scroll{overflow-x:auto;margin:.75rem 0;padding-bottom:.25rem}
svg{display:block;overflow:visible}
.m rect{fill:var(--card);stroke:var(--edge);stroke-width:1.5}
.m text,.flag text,.state text{font-size:12px}
.m text,.flag text{text-anchor:middle}
.m text,.state text{fill:var(--ink)}
.m.gap rect{stroke:none}
.m.ok rect{fill:var(--greenish);stroke:var(--green)}.m.to rect{fill:var(--bluish);stroke:var(--blue)}
.m.no rect{fill:var(--redish);stroke:var(--red)}
.m.fault rect{stroke:var(--red);stroke-width:2;stroke-dasharray:4 2.5}
.state rect{fill:var(--greyish)}.state.working rect{fill:var(--bluish)}
.state.succeeded rect{fill:var(--greenish)}.state.failed rect{fill:var(--redish)}
.lane,.time{fill:var(--quiet);font-size:11px}
.path{fill:none;stroke:var(--quiet);stroke-width:1;opacity:.55}
rect.hit{fill:var(--amberish)}
.flag rect{fill:var(--red)}.flag text{fill:var(--on);font-weight:700}
.passed{border-top:1px solid var(--edge);padding:0 .25rem;scroll-margin-top:.75rem}
.passed summary{font-size:.925rem}.passed summary .quiet{white-space:normal}
.passed .drawing,.passed pre{margin:.5rem}
.reasons{list-style:none;padding:0}
table{border-collapse:collapse;width:100%;font-size:.925rem;background:var(--card)}
th,td{text-align:left;vertical-align:top;padding:.45rem .6rem;border:1px solid var(--edge)}
thead th{color:var(--quiet);font-weight:600}
.up{text-align:right;font-size:.85rem;margin:.25rem 0 0}
@media (max-width:44rem){
header>div,main{padding:.75rem}article{padding:.75rem}
.exchanges summary{grid-template-columns:auto 1fr auto;padding:.4rem .6rem}
.t{text-align:left}.a{text-align:right}.n{order:1}.t{order:2}.a{order:3}.q{order:4}.s{order:5}
.x,.exchanges .flag{order:6}
.q,.s,.x,.exchanges .flag{grid-column:1/-1}
.wire{grid-template-columns:1fr;padding:0 .6rem}
dl div,article dl div{grid-template-columns:1fr;gap:0}
thead{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
table,tbody,tr,td,tbody th{display:block}tr{border:1px solid var(--edge);margin-bottom:.5rem;padding:.4rem .6rem}
td,tbody th{border:0;padding:.1rem 0}
}
@media print{
:root{color-scheme:light}body{background:#fff;font-size:11pt}header>div,main{max-width:none}.up,.legend{display:none}
.rule,.drawing,.violations,.exchanges li,tr{break-inside:avoid}h2,h3,.exchanges summary{break-after:avoid}
.bar,.badge,.level,svg,.hit,.violations{print-color-adjust:exact}
.drawing{overflow:visible}svg{max-width:100%;height:auto}
}
"""
