extension MapPage {
    /// How the page looks: light, dark, and with one column on a phone.
    static let style = """
        :root { color-scheme: light dark; --page: #fbfbf9; --text: #222; --dim: #6b6b6b;
          --line: #d8d8d4; --card: #fff; --accent: #0072b2 }
        @media (prefers-color-scheme: dark) { :root:not([data-theme=light]) {
          --page: #16181b; --text: #e8e8e6; --dim: #a0a0a0; --line: #3a3d42; --card: #212429;
          --accent: #56b4e9 } }
        :root[data-theme=light] { color-scheme: light }
        :root[data-theme=dark] { color-scheme: dark; --page: #16181b; --text: #e8e8e6;
          --dim: #a0a0a0; --line: #3a3d42; --card: #212429; --accent: #56b4e9 }
        * { box-sizing: border-box }
        html, body { height: 100%; margin: 0 }
        body { display: flex; flex-direction: column; font: 15px system-ui, sans-serif;
          background: var(--page); color: var(--text); overflow: hidden }
        header, footer { display: flex; flex-wrap: wrap; gap: .4em 1em; align-items: center;
          padding: .5em .8em }
        header { border-bottom: 1px solid var(--line) }
        footer { border-top: 1px solid var(--line); font-size: 13px; color: var(--dim) }
        h1 { font-size: 1.05em; margin: 0 }
        input { flex: 1 1 12em; max-width: 24em; font: inherit; padding: .3em .6em;
          color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 6px }
        output { color: var(--dim) } output:empty { display: none }
        button { font: inherit; color: inherit; background: var(--card); cursor: pointer;
          border: 1px solid var(--line); border-radius: 6px; padding: .25em .7em; min-height: 2.1em }
        #buttons { margin-left: auto; display: flex; gap: .3em }
        main { position: relative; flex: 1; min-height: 0 }
        canvas { position: absolute; inset: 0; width: 100%; height: 100%; touch-action: none;
          cursor: grab; outline-offset: -2px }
        #tip { position: absolute; pointer-events: none; max-width: 260px; padding: .5em .7em;
          background: var(--card); border: 1px solid var(--line); border-radius: 8px;
          box-shadow: 0 2px 10px #0003; font-size: 13px }
        #panel { position: absolute; top: 0; right: 0; bottom: 0; width: 300px; overflow: auto;
          padding: .9em; background: var(--card); border-left: 1px solid var(--line) }
        #panel h2 { font-size: 1em; margin: .6em 0 .2em; overflow-wrap: anywhere }
        #panel h3 { font-size: .85em; margin: 1.2em 0 .4em; color: var(--dim); font-weight: 600 }
        p { margin: .2em 0; overflow-wrap: anywhere } .dim { color: var(--dim) }
        #close { position: absolute; top: .6em; right: .6em }
        .near { display: flex; gap: .7em; align-items: center; width: 100%; margin: .3em 0;
          text-align: left; padding: .3em }
        .near span { flex: 1; overflow-wrap: anywhere } .near .dim { flex: none }
        .picture { display: block; border-radius: 4px; flex: none }
        #legend { display: flex; flex-wrap: wrap; gap: .2em .5em }
        #legend button { border: 0; background: none; padding: .1em .3em; min-height: 0 }
        #legend i { display: inline-block; width: .8em; height: .8em; border-radius: 50%;
          margin-right: .35em }
        #legend button[aria-pressed=true] { outline: 2px solid var(--accent) }
        #facts { margin-left: auto }
        [hidden] { display: none !important }
        @media (max-width: 640px) {
          header { padding: .4em .6em } h1 { flex: 1 1 auto } output { order: 3 }
          #panel { top: auto; left: 0; width: auto; max-height: 46%; border-left: 0;
            border-top: 1px solid var(--line) }
          #facts { margin-left: 0 } #tip { display: none }
        }
        """
}
