internal import Glibc

extension Figurine {
    // MARK: Hair behind the head

    func backHair() {
        let (c, r) = (canvas, body.head)
        let color = paint.hair.shaded(0.84)
        let (left, right) = (onHead(-1.25, 0), onHead(1.25, 0))
        switch figure.hair {
        case .short: return
        case .bob, .long:
            let reach = figure.hair == .long ? 2.75 : 1.02
            let width = figure.hair == .long ? 1.22 : 1.36
            c.move(onHead(-1.1, -0.25))
            c.curve(onHead(-width - 0.1, 0.4), onHead(-width, reach), onHead(-0.75, reach))
            c.line(onHead(0.75, reach))
            c.curve(onHead(width, reach), onHead(width + 0.1, 0.4), onHead(1.1, -0.25))
            c.fillRound(left, right, color)
        case .ponytail:
            let root = onHead(0.9 - 0.4 * turn, -0.55)
            let tip = onHead(1.75 - 0.5 * turn, 1.45)
            c.limb(root, root.toward(tip, 0.45), 0.34 * r, 0.52 * r, color)
            c.limb(root.toward(tip, 0.4), tip, 0.52 * r, 0.16 * r, color)
        case .bun:
            let knot = onHead(-0.2 * turn, -1.22)
            c.ellipse(knot, 0.56 * r, 0.5 * r)
            c.fillRound(knot - Point(0.56 * r, 0), knot + Point(0.56 * r, 0), color)
        case .curly:
            for step in 0..<9 {
                let angle = Double.pi * (0.86 + 1.28 * Double(step) / 8)
                let curl = onHead(1.0 * cos(angle), 0.92 * sin(angle) - 0.14)
                c.ellipse(curl, 0.5 * r, 0.5 * r)
                c.fill(color)
            }
        }
    }

    // MARK: Head

    func head() {
        let (c, r) = (canvas, body.head)
        c.ellipse(skeleton.head, 0.92 * r, r, angle: skeleton.headAngle)
        c.fillRings(
            skeleton.head - Point(0.3 * r, 0.25 * r),
            skeleton.head,
            1.1 * r,
            [(0, paint.skin.shaded(1.05)), (0.6, paint.skin), (1, paint.skin.shaded(0.84))]
        )
        face()
        frontHair()
    }

    private func face() {
        let (c, r, isWoman) = (canvas, body.head, figure.gender == .woman)
        let (shiftX, shiftY) = (0.36 * turn, 0.2 * nod)
        let open = max(0, 1 - blink)
        for side in [-1.0, 1.0] {
            let x = shiftX + side * 0.37 * cos(0.6 * turn)
            let eye = onHead(x, 0.14 + shiftY)
            // A narrower eye on the side that turns away.
            let width = 2.75 * body.eye * (1 - 0.2 * max(0, side * turn))
            c.ellipse(eye, width, 2.35 * body.eye * open, angle: skeleton.headAngle)
            c.fill(Color(0.99, 0.99, 0.99))
            let iris = eye + Point(0.7 * turn, 0.3 * nod)
            c.ellipse(iris, 1.75 * body.eye, 1.95 * body.eye * open)
            c.fill(paint.eyes)
            c.ellipse(iris, 0.95, 1.05 * open)
            c.fill(Color(0.03, 0.03, 0.04))
            // The upper lid, where the eye closes to.
            let lid = 0.14 + shiftY - 0.19 * open
            c.move(onHead(x - 0.22, lid + 0.05))
            c.curve(
                onHead(x - 0.1, lid - 0.04),
                onHead(x + 0.1, lid - 0.04),
                onHead(x + 0.22, lid + 0.05)
            )
            c.stroke(Color(0.13, 0.08, 0.07), width: isWoman ? 1.3 : 0.9)
            let (inner, outer) = (0.012 * body.brow, -0.012 * body.brow)
            c.move(onHead(x - side * 0.19, -0.22 + shiftY + inner * side))
            c.line(onHead(x + side * 0.2, -0.24 + shiftY + outer * side))
            c.stroke(paint.hair.shaded(0.62), width: isWoman ? 1.1 : 1.7)
        }
        c.move(onHead(1.2 * shiftX - 0.03, 0.36 + shiftY))
        c.line(onHead(1.2 * shiftX + 0.05, 0.38 + shiftY))
        c.stroke(paint.skin.shaded(0.66), width: 1.1)
        let (x, y, half) = (1.1 * shiftX, 0.58 + 1.1 * shiftY, 0.25 * body.mouth)
        c.move(onHead(x - half, y - 0.02))
        c.curve(
            onHead(x - half / 2, y + 0.15),
            onHead(x + half / 2, y + 0.15),
            onHead(x + half, y - 0.02)
        )
        let lips = isWoman ? Color(0.80, 0.16, 0.22) : Color(0.56, 0.22, 0.20)
        c.stroke(lips, width: isWoman ? 0.15 * r : 0.11 * r)
    }

    private func frontHair() {
        let c = canvas
        let (shiftX, shiftY) = (0.36 * turn, 0.1 * nod)
        if figure.hair == .curly {
            for step in 0..<6 {
                let angle = Double.pi * (1.1 + 0.8 * Double(step) / 5)
                let curl = onHead(0.82 * cos(angle), 0.78 * sin(angle) - 0.22 + shiftY)
                c.ellipse(curl, 0.36 * body.head, 0.34 * body.head)
                c.fill(paint.hair.shaded(step % 2 == 0 ? 1.04 : 0.92))
            }
            return
        }
        // Long hair and bobs frame the face on both sides.
        let side = figure.hair == .bob || figure.hair == .long ? 0.7 : 0.12
        c.move(onHead(-0.98, side))
        c.line(onHead(-1.04, -0.05))
        c.curve(onHead(-1.14, -1.42), onHead(1.14, -1.42), onHead(1.04, -0.05))
        c.line(onHead(0.98, side))
        c.curve(
            onHead(0.84, -0.1),
            onHead(0.62 + shiftX, -0.5 + shiftY),
            onHead(0.14 + 0.9 * shiftX, -0.56 + shiftY)
        )
        c.curve(onHead(-0.5 + shiftX, -0.52 + shiftY), onHead(-0.86, -0.3), onHead(-0.98, side))
        c.fillRound(onHead(-1, -0.9), onHead(1, -0.6), paint.hair)
    }
}
