/** The page's only style sheet. Colours keep at least 4.5:1 against their background in both schemes. */
export const STYLE = `
:root { color-scheme: light dark; --bg: #f6f7f9; --card: #fff; --text: #1c2128; --dim: #59636e; --line: #d5dae0; --code: #eef0f3;
  --pass: #116329; --pass-bg: #dcf5e3; --fail: #a40e26; --fail-bg: #ffe3e6; --unverified: #7a4b00; --unverified-bg: #fff0cc; --skip: #59636e; --skip-bg: #e9ecef; --link: #0550ae; }
@media (prefers-color-scheme: dark) { :root { --bg: #0f1318; --card: #181d24; --text: #e4e8ed; --dim: #9aa5b1; --line: #333b45; --code: #232a33;
  --pass: #7ee2a0; --pass-bg: #12341f; --fail: #ff9aa8; --fail-bg: #46141d; --unverified: #f5cd79; --unverified-bg: #3e2e0b; --skip: #a5afba; --skip-bg: #262d36; --link: #79b8ff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--text); font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif; }
main, header.top { max-width: 66rem; margin: 0 auto; padding: 0 1rem; }
header.top { padding-top: 1.5rem; }
h1 { font-size: 1.5rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2rem 0 .6rem; }
h3 { font-size: 1.05rem; margin: 0; }
h4 { font-size: .95rem; margin: 1rem 0 .3rem; }
a { color: var(--link); }
code, pre { font: .88em/1.45 ui-monospace, "DejaVu Sans Mono", monospace; }
code { background: var(--code); border-radius: .25rem; padding: .1em .3em; overflow-wrap: anywhere; }
pre { background: var(--code); border-radius: .4rem; padding: .7rem .9rem; margin: .5rem 0; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
.dim { color: var(--dim); } .nowrap { white-space: nowrap; font-variant-numeric: tabular-nums; }
td:has(svg) { width: 65%; vertical-align: middle; }
.verdict { display: flex; flex-wrap: wrap; gap: .4rem 1.2rem; align-items: baseline; border-radius: .6rem; padding: 1rem 1.2rem; margin: 1rem 0; }
.verdict strong { font-size: 1.7rem; line-height: 1.2; }
.verdict span { font-size: 1.1rem; }
.s-pass { background: var(--pass-bg); color: var(--pass); } .s-fail { background: var(--fail-bg); color: var(--fail); }
.s-unverified { background: var(--unverified-bg); color: var(--unverified); } .s-skip { background: var(--skip-bg); color: var(--skip); }
.badge { display: inline-block; border-radius: 1rem; padding: .05rem .65rem; font-size: .88rem; font-weight: 600; white-space: nowrap; }
.rungs { list-style: none; display: flex; flex-wrap: wrap; gap: .4rem; padding: 0; margin: .6rem 0; }
.rungs li { border-radius: .4rem; padding: .2rem .7rem; font-size: .9rem; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: .6rem 0; }
.facts dt { color: var(--dim); } .facts dd { margin: 0; overflow-wrap: anywhere; }
.card { background: var(--card); border: 1px solid var(--line); border-left: .35rem solid var(--skip); border-radius: .5rem; padding: .8rem 1.1rem; margin: .7rem 0; }
.c-pass { border-left-color: var(--pass); } .c-fail { border-left-color: var(--fail); } .c-unverified { border-left-color: var(--unverified); }
.card > header { display: flex; flex-wrap: wrap; gap: .3rem .9rem; align-items: baseline; }
.card > header .time { margin-left: auto; color: var(--dim); font-variant-numeric: tabular-nums; }
.cause { border: 1px solid var(--line); border-radius: .4rem; padding: .7rem .9rem; margin: .7rem 0; }
.cause p { margin: .3rem 0; }
.loud { border-left-color: var(--fail); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; margin: .5rem 0; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); overflow-wrap: break-word; }
th { color: var(--dim); font-weight: 600; }
details { margin: .5rem 0; } summary { cursor: pointer; padding: .25rem 0; }
summary:focus-visible, a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
figure { margin: .8rem 0; } figure img { max-width: 100%; height: auto; border: 1px solid var(--line); border-radius: .4rem; display: block; }
figcaption { color: var(--dim); font-size: .9rem; }
.shots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1rem; }
.shots.row { grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr)); width: min(96vw, 110rem); margin-left: calc(50% - min(48vw, 55rem)); }
figure .close { display: none; }
figure:target { position: fixed; inset: 0; z-index: 1; margin: 0; padding: 1rem; overflow: auto; background: var(--bg); }
figure:target img { max-width: none; margin: 0 auto; } figure:target figcaption { font-size: 1rem; padding: .6rem 0; } figure:target .close { display: inline; margin-left: 1rem; }
svg.lane { width: 100%; height: .8rem; display: block; min-width: 5rem; } svg.lane rect { fill: var(--skip); }
svg.lane rect.c-pass { fill: var(--pass); } svg.lane rect.c-fail { fill: var(--fail); } svg.lane rect.c-unverified { fill: var(--unverified); }
footer { max-width: 66rem; margin: 2rem auto; padding: 0 1rem; color: var(--dim); font-size: .9rem; }
@media print { details > *:not(summary) { display: block; } .card { break-inside: avoid; } }
`
