extension MapPage {
    /// The part of the page's program that listens: pointers, keys, the search box, the panel.
    static let program = #"""
        function element(name, text, parent, kind) {
          const made = document.createElement(name);
          if (text) made.textContent = text;
          if (kind) made.className = kind;
          parent.append(made);
          return made;
        }

        function picture(place, height, parent) {
          const source = part(place);
          if (!source) return;
          const made = element('canvas', '', parent, 'picture');
          const width = Math.round(height * sheets.width / sheets.height);
          [made.width, made.height] = [2 * width, 2 * height];
          made.style.cssText = `position:static;width:${width}px;height:${height}px`;
          const pen = made.getContext('2d');
          pen.imageSmoothingQuality = 'high';
          pen.drawImage(...source, 0, 0, made.width, made.height);
        }

        const length = clip => clip.seconds > 0 ? `${+clip.seconds.toFixed(2)} s` : 'still';

        function describe(place, parent) {
          const clip = clips[place];
          if (clip.caption) element('p', clip.caption, parent);
          const facts = [length(clip), ...clip.tags.map(tag => '#' + tag)];
          element('p', facts.join('  '), parent, 'dim');
        }

        function select(place) {
          selected = place;
          const panel = $('panel');
          panel.replaceChildren();
          panel.hidden = place < 0;
          if (place >= 0) {
            picture(place, 144, panel);
            element('h2', clips[place].name, panel);
            describe(place, panel);
            const near = clips[place].neighbours;
            if (near.length) element('h3', 'Most alike', panel);
            near.forEach((other, rank) => {
              const row = element('button', '', panel, 'near');
              picture(other, 48, row);
              element('span', clips[other].name, row);
              element('span', clips[place].scores[rank].toFixed(2), row, 'dim');
              row.onclick = () => { select(other); reveal(other); };
            });
            const close = element('button', '\u00d7', panel);
            close.id = 'close';
            close.setAttribute('aria-label', 'Close');
            close.onclick = () => select(-1);
          }
          draw();
        }

        // Moves the map so that a clip lies beside the panel.
        function reveal(place) {
          const isNarrow = window.innerWidth <= 640;
          const right = $('panel').hidden || isNarrow ? wide : wide - 300;
          const bottom = $('panel').hidden || !isNarrow ? high : high * .54;
          const [x, y] = screen(place);
          if (x < 40 || x > right - 40) left += right / 2 - x;
          if (y < 40 || y > bottom - 40) top_ += bottom / 2 - y;
          draw();
        }

        function hover(x, y) {
          const place = x === undefined ? -1 : under(x, y), tip = $('tip');
          canvas.style.cursor = place < 0 ? 'grab' : 'pointer';
          if (place !== hovered) {
            hovered = place;
            tip.replaceChildren();
            tip.hidden = place < 0;
            if (place >= 0) {
              picture(place, 96, tip);
              element('strong', clips[place].name, tip);
              describe(place, tip);
            }
            draw();
          }
          if (place < 0) return;
          const box = tip.getBoundingClientRect();
          tip.style.left = Math.max(4, x + 18 + box.width > wide ? x - box.width - 14 : x + 18) + 'px';
          tip.style.top = Math.max(4, Math.min(y + 12, high - box.height - 4)) + 'px';
        }

        // One pointer moves the map, two zoom it; a pointer that did not move selects.
        const pointers = new Map();
        let travelled = 0;
        const at = event => {
          const box = canvas.getBoundingClientRect();
          return [event.clientX - box.left, event.clientY - box.top];
        };
        canvas.onpointerdown = event => {
          canvas.setPointerCapture(event.pointerId);
          pointers.set(event.pointerId, at(event));
          if (pointers.size === 1) travelled = 0;
        };
        canvas.onpointermove = event => {
          const [x, y] = at(event), before = pointers.get(event.pointerId);
          if (!before) return event.pointerType === 'mouse' ? hover(x, y) : undefined;
          const others = [...pointers].filter(([id]) => id !== event.pointerId);
          if (others.length) {
            const [ox, oy] = others[0][1];
            const factor = Math.hypot(x - ox, y - oy) /
              Math.max(1, Math.hypot(before[0] - ox, before[1] - oy));
            left += (x - before[0]) / 2;
            top_ += (y - before[1]) / 2;
            travelled = 99;
            zoomBy(factor, (x + ox) / 2, (y + oy) / 2);
          } else {
            travelled += Math.hypot(x - before[0], y - before[1]);
            if (travelled > 5) {
              left += x - before[0];
              top_ += y - before[1];
              hover();
              draw();
            }
          }
          pointers.set(event.pointerId, [x, y]);
        };
        canvas.onpointerup = event => {
          pointers.delete(event.pointerId);
          if (travelled <= 5 && !pointers.size) select(under(...at(event)));
        };
        canvas.onpointercancel = event => pointers.delete(event.pointerId);
        canvas.onpointerleave = () => { if (!pointers.size) hover(); };
        canvas.addEventListener('wheel', event => {
          event.preventDefault();
          const lines = event.deltaMode === 1 ? 16 : 1;
          zoomBy(Math.exp(-event.deltaY * lines * .0015), ...at(event));
        }, { passive: false });

        function find() {
          const words = $('search').value.toLowerCase().split(/\s+/).filter(Boolean);
          matches = words.length ? new Set() : null;
          if (matches) clips.forEach((clip, place) => {
            const text = [clip.name, clip.caption, ...clip.tags].join(' ').toLowerCase();
            if (words.every(word => text.includes(word))) matches.add(place);
          });
          const count = clips.filter((_, place) => isMatch(place)).length;
          $('status').textContent = matches || label !== -2 ? `${count} of ${clips.length}` : '';
          draw();
        }
        $('search').oninput = find;
        $('search').onkeydown = event => {
          if (event.key === 'Escape') { event.target.value = ''; find(); }
          if (event.key === 'Enter') {
            const first = clips.findIndex((_, place) => isMatch(place));
            if (first >= 0) { select(first); reveal(first); }
          }
        };

        legend.forEach((word, index) => {
          const button = element('button', '', $('legend'));
          element('i', '', button).style.background = colors[index];
          button.append(word);
          button.setAttribute('aria-pressed', 'false');
          button.onclick = () => {
            label = label === index ? -2 : index;
            [...$('legend').children].forEach((other, place) =>
              other.setAttribute('aria-pressed', String(place === label)));
            find();
          };
        });

        $('in').onclick = () => zoomBy(1.5);
        $('out').onclick = () => zoomBy(1 / 1.5);
        $('all').onclick = () => { fit(); draw(); };
        $('theme').onclick = () => {
          const root = document.documentElement;
          const isDark = root.dataset.theme ? root.dataset.theme === 'dark'
            : matchMedia('(prefers-color-scheme: dark)').matches;
          root.dataset.theme = isDark ? 'light' : 'dark';
          draw();
        };
        matchMedia('(prefers-color-scheme: dark)').onchange = () => draw();
        document.onkeydown = event => {
          if (event.target === $('search') || event.ctrlKey || event.metaKey) return;
          const moves = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60],
            ArrowDown: [0, -60] };
          if (event.key === '/') { event.preventDefault(); $('search').focus(); }
          else if (event.key === '+' || event.key === '=') zoomBy(1.5);
          else if (event.key === '-') zoomBy(1 / 1.5);
          else if (event.key === '0') { fit(); draw(); }
          else if (event.key === 'Escape') select(-1);
          else if (moves[event.key]) {
            left += moves[event.key][0];
            top_ += moves[event.key][1];
            draw();
          }
        };
        new ResizeObserver(resize).observe(canvas);
        """#
}
