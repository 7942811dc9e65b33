extension MapPage {
    /// The part of the page's program that knows where everything is and draws it.
    static let view = #"""
        'use strict';
        const $ = id => document.getElementById(id);
        const { clips, legend, colors, sheets } = JSON.parse($('data').textContent);
        const canvas = $('map'), context = canvas.getContext('2d');
        const images = sheets ? sheets.images.map(source => {
          const image = new Image();
          image.onload = () => draw();
          image.src = source;
          return image;
        }) : [];
        // Screen = plane * scale + (left, top).
        let scale = 1, left = 0, top_ = 0, fitted = 1, wide = 1, high = 1;
        let selected = -1, hovered = -1, matches = null, label = -2, shown = [];

        const color = place => colors[clips[place].color] || '#969696';
        const isMatch = place => (!matches || matches.has(place)) &&
          (label === -2 || clips[place].color === label);
        const screen = place => [clips[place].x * scale + left, clips[place].y * scale + top_];

        // The part of a sheet that shows a clip.
        function part(place) {
          if (!sheets) return null;
          const each = sheets.columns * sheets.rows, image = images[Math.floor(place / each)];
          if (!image || !image.complete || !image.naturalWidth) return null;
          const at = place % each;
          return [image, at % sheets.columns * sheets.width,
            Math.floor(at / sheets.columns) * sheets.height, sheets.width, sheets.height];
        }

        function fit() {
          const margin = Math.min(40, wide * .08, high * .08);
          scale = fitted = Math.max(50, Math.min(wide, high) - 2 * margin);
          left = (wide - scale) / 2;
          top_ = (high - scale) / 2;
        }

        function resize() {
          const box = canvas.getBoundingClientRect(), ratio = window.devicePixelRatio || 1;
          const middle = [(wide / 2 - left) / scale, (high / 2 - top_) / scale];
          const zoom = scale / fitted, isFirst = wide === 1;
          [wide, high] = [box.width, box.height];
          canvas.width = Math.round(wide * ratio);
          canvas.height = Math.round(high * ratio);
          context.setTransform(ratio, 0, 0, ratio, 0, 0);
          fit();
          if (!isFirst) {
            scale = fitted * zoom;
            left = wide / 2 - middle[0] * scale;
            top_ = high / 2 - middle[1] * scale;
          }
          draw();
        }

        function zoomBy(factor, x = wide / 2, y = high / 2) {
          const next = Math.min(fitted * 80, Math.max(fitted * .5, scale * factor));
          left = x - (x - left) * next / scale;
          top_ = y - (y - top_) * next / scale;
          scale = next;
          draw();
        }

        // How high pictures are drawn: larger the nearer one looks, never blown up far.
        function pictureHeight() {
          const base = clips.length > 60 ? Math.min(44, Math.max(30, wide / 26)) : 52;
          return Math.min(sheets.height * 1.4, base * Math.pow(scale / fitted, .45));
        }

        // What is important comes first, so that it keeps its room.
        function order() {
          const near = selected < 0 ? [] : [selected, ...clips[selected].neighbours];
          const first = new Set(near), rest = [], last = [];
          for (let place = 0; place < clips.length; place++) {
            if (!first.has(place)) (isMatch(place) ? rest : last).push(place);
          }
          return { all: [...near, ...rest, ...last], matching: near.length + rest.length };
        }

        function draw() {
          const style = getComputedStyle(document.documentElement);
          context.fillStyle = style.getPropertyValue('--page');
          context.fillRect(0, 0, wide, high);
          const { all, matching } = order();
          const height = sheets ? pictureHeight() : 0;
          const width = sheets ? height * sheets.width / sheets.height : 0;
          const rows = new Map();
          shown = [];
          const dots = [];
          all.forEach((place, rank) => {
            const [x, y] = screen(place);
            if (x < -width || y < -height || x > wide + width || y > high + height) return;
            const row = Math.floor(y / (height || 1));
            let isFree = height > 0 && rank < matching;
            for (let near = row - 1; isFree && near <= row + 1; near++) {
              isFree = !(rows.get(near) || []).some(([a, b]) =>
                Math.abs(a - x) < width + 5 && Math.abs(b - y) < height + 5);
            }
            if (!isFree) return dots.push([place, x, y]);
            if (!rows.has(row)) rows.set(row, []);
            rows.get(row).push([x, y]);
            shown.push([place, x, y]);
          });
          const radius = Math.min(7, 3 * Math.pow(scale / fitted, .3));
          for (const [place, x, y] of dots) {
            context.globalAlpha = isMatch(place) ? .9 : .18;
            context.fillStyle = color(place);
            context.beginPath();
            context.arc(x, y, radius, 0, 7);
            context.fill();
          }
          context.globalAlpha = 1;
          lines(style.getPropertyValue('--accent'));
          for (const [place, x, y] of shown) {
            const source = part(place), ring = place === selected || place === hovered;
            context.fillStyle = ring ? style.getPropertyValue('--accent') : color(place);
            const border = ring ? 4 : 2;
            context.fillRect(x - width / 2 - border, y - height / 2 - border,
              width + 2 * border, height + 2 * border);
            if (source) context.drawImage(...source, x - width / 2, y - height / 2, width, height);
          }
          shown = shown.map(([place, x, y]) => [place, x, y, width / 2 + 2, height / 2 + 2])
            .concat(dots.map(([place, x, y]) => [place, x, y, 6, 6]));
        }

        function lines(style) {
          if (selected < 0) return;
          const [x, y] = screen(selected);
          context.strokeStyle = style;
          context.lineWidth = 1.5;
          for (const other of clips[selected].neighbours) {
            context.beginPath();
            context.moveTo(x, y);
            context.lineTo(...screen(other));
            context.stroke();
          }
          if (!sheets) {
            context.beginPath();
            context.arc(x, y, 9, 0, 7);
            context.stroke();
          }
        }

        // The clip under a place of the screen; pictures lie above dots.
        function under(x, y) {
          const found = shown.find(([, a, b, w, h]) => Math.abs(a - x) <= w && Math.abs(b - y) <= h);
          return found ? found[0] : -1;
        }
        """#
}
