internal import Glibc

/// Draws figures: one at a time, into a canvas that is used again.
public final class Drawing {
    let canvas: Canvas

    /// Prepares square pictures of `size` pixels.
    public init(size: Int = 128) { canvas = Canvas(size: size) }

    /// The bytes of one picture.
    public var byteCount: Int { canvas.size * canvas.size * 3 }

    /// Draws a figure in a pose as RGB bytes `[size, size, 3]`.
    public func draw(
        _ figure: Figure,
        _ pose: Pose,
        into target: UnsafeMutableRawBufferPointer
    ) {
        precondition(target.count >= byteCount, "\(target.count) bytes, needs \(byteCount)")
        paint(figure, pose)
        canvas.copyRGB(into: target)
    }

    /// Draws a figure in a pose as RGB bytes `[size, size, 3]`.
    public func draw(_ figure: Figure, _ pose: Pose) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: byteCount)
        bytes.withUnsafeMutableBytes { draw(figure, pose, into: $0) }
        return bytes
    }

    /// Draws what is behind a figure, without it, as RGB bytes `[size, size, 3]`.
    public func drawBackground(of figure: Figure, _ pose: Pose) -> [UInt8] {
        Figurine(figure, pose, canvas).background()
        var bytes = [UInt8](repeating: 0, count: byteCount)
        bytes.withUnsafeMutableBytes { canvas.copyRGB(into: $0) }
        return bytes
    }

    private func paint(_ figure: Figure, _ pose: Pose) {
        let figurine = Figurine(figure, pose, canvas)
        figurine.background()
        figurine.backHair()
        figurine.legs()
        figurine.torso()
        figurine.arms()
        figurine.head()
    }
}

/// One figure in one pose on its way onto the canvas, back to front.
struct Figurine {
    let canvas: Canvas
    let figure: Figure
    let paint: Figure.Paint
    let body: Figure.Body
    let skeleton: Skeleton
    /// Head turn and nod, -1...1, and blink, 0...1.
    let turn: Double
    let nod: Double
    let blink: Double

    init(_ figure: Figure, _ pose: Pose, _ canvas: Canvas) {
        self.canvas = canvas
        self.figure = figure
        paint = figure.paint
        body = figure.body
        skeleton = Skeleton(figure, pose)
        (turn, nod, blink) = (pose.numbers[4], pose.numbers[5], pose.numbers[6])
    }

    /// Coordinates of the torso, x across and y up from the hip, as a point of the picture.
    func onTorso(_ x: Double, _ y: Double) -> Point {
        skeleton.hip + skeleton.across * (x * skeleton.facing) + skeleton.up * y
    }

    /// Coordinates of the head in head radii, y down, as a point of the picture.
    func onHead(_ x: Double, _ y: Double) -> Point {
        let (c, s) = (cos(skeleton.headAngle) * body.head, sin(skeleton.headAngle) * body.head)
        return skeleton.head + Point(x * c - y * s, x * s + y * c)
    }

    func background() {
        let c = canvas
        c.move(Point(0, 0))
        for corner in [Point(128, 0), Point(128, 128), Point(0, 128)] { c.line(corner) }
        c.fillRings(
            Point(64, 56),
            Point(64, 62),
            95,
            [(0, paint.background.shaded(1.04)), (1, paint.background.shaded(0.88))]
        )
        let ground = Point(64, Skeleton.floor + 4)
        c.ellipse(ground, 31, 4.6)
        c.fill(paint.background.shaded(0.84))
        c.ellipse(ground, 24, 3.2)
        c.fill(paint.background.shaded(0.72))
    }

    // MARK: Legs

    func legs() {
        let k = body.limb
        let (wide, middle, narrow) = (5.4 * k, 4.4 * k, 3.2 * k)
        for leg in skeleton.legs.sorted(by: { $0.lift < $1.lift }) {
            let toe = leg.foot + Point(leg.side * 1.6, 1.8)
            switch figure.bottom {
            case .pants:
                shoe(toe)
                canvas.limb(
                    leg.knee,
                    leg.foot,
                    middle + 0.8,
                    narrow + 1.3,
                    paint.bottom.shaded(0.97)
                )
                canvas.limb(leg.top, leg.knee, wide + 0.8, middle + 0.8, paint.bottom)
            default:
                canvas.limb(leg.knee, leg.foot, middle, narrow, paint.skin.shaded(0.97))
                shoe(toe)
                canvas.limb(leg.top, leg.knee, wide, middle, paint.skin)
                if figure.bottom == .shorts {
                    canvas.limb(
                        leg.top,
                        leg.top.toward(leg.knee, 0.55),
                        wide + 1.1,
                        wide + 1.2,
                        paint.bottom
                    )
                }
            }
        }
    }

    private func shoe(_ toe: Point) {
        canvas.ellipse(toe, 5.2, 3.1)
        canvas.fillRound(toe - Point(4, 2), toe + Point(4, 3), paint.shoes)
    }

    // MARK: Torso

    /// Half the width of the body at a height above the hip.
    private func halfWidth(_ y: Double) -> Double {
        let length = skeleton.torsoLength
        if y < 11 { return body.hip + (body.waist - body.hip) * max(y, -2) / 11 }
        return body.waist + (body.shoulder - 1.4 - body.waist) * min(1, (y - 11) / (length - 15))
    }

    func torso() {
        let length = skeleton.torsoLength
        canvas.limb(
            onTorso(0, length - 3),
            skeleton.neck.toward(skeleton.head, 0.5),
            3.4 * body.limb,
            3.4 * body.limb,
            paint.skin.shaded(0.88)
        )
        bodice(from: -2, isOpen: false, paint.skin, widening: 0)
        switch figure.bottom {
        case .pants, .shorts: hips()
        case .skirt: skirt(length: 0.66, flare: 4.2)
        case .none: skirt(length: 0.84, flare: 4.8)
        }
        let isOpen = figure.sleeve == .sleeveless
        switch figure.top {
        case .top: bodice(from: 1, isOpen: isOpen, paint.top, widening: 0.9)
        case .cropTop: bodice(from: 14.5, isOpen: isOpen, paint.top, widening: 0.7)
        case .dress:
            bodice(from: 8, isOpen: isOpen, paint.top, widening: 0.6)
            canvas.move(onTorso(-halfWidth(11) - 0.4, 11))
            canvas.line(onTorso(halfWidth(11) + 0.4, 11))
            canvas.stroke(paint.top.shaded(0.55), width: 2)
        }
    }

    /// The upper body from a height above the hip to the shoulders; open leaves them bare.
    private func bodice(from low: Double, isOpen: Bool, _ color: Color, widening: Double) {
        let (c, length, shoulder) = (canvas, skeleton.torsoLength, body.shoulder)
        func side(_ sign: Double, _ y: Double) -> Point {
            onTorso(sign * (halfWidth(y) + widening), y)
        }
        c.move(side(-1, low))
        if low < 11 { c.line(side(-1, 11)) }
        c.curve(side(-1, max(low, 15)), side(-1, length - 9), onTorso(-shoulder, length - 4.4))
        if isOpen {
            c.line(onTorso(-shoulder + 3.4, length - 1.4))
            c.line(onTorso(-shoulder + 6.2, length - 0.6))
            c.curve(
                onTorso(-3.4, length - 9),
                onTorso(3.4, length - 9),
                onTorso(shoulder - 6.2, length - 0.6)
            )
            c.line(onTorso(shoulder - 3.4, length - 1.4))
        } else {
            c.curve(
                onTorso(-shoulder + 0.8, length),
                onTorso(-5.5, length + 0.4),
                onTorso(-4.4, length + 0.9)
            )
            c.curve(
                onTorso(-2.6, length - 3.4),
                onTorso(2.6, length - 3.4),
                onTorso(4.4, length + 0.9)
            )
            c.curve(
                onTorso(5.5, length + 0.4),
                onTorso(shoulder - 0.8, length),
                onTorso(shoulder, length - 4.4)
            )
        }
        if isOpen { c.line(onTorso(shoulder, length - 4.4)) }
        c.curve(side(1, length - 9), side(1, max(low, 15)), side(1, max(low, 11)))
        if low < 11 { c.line(side(1, low)) }
        c.fillRound(onTorso(-shoulder, length / 2), onTorso(shoulder, length / 2), color)
    }

    private func hips() {
        let (w, h) = (halfWidth(11) + 0.5, body.hip + 0.9)
        canvas.move(onTorso(-w, 10.5))
        canvas.line(onTorso(w, 10.5))
        canvas.line(onTorso(h, 0))
        canvas.curve(onTorso(0.7 * h, -6), onTorso(-0.7 * h, -6), onTorso(-h, 0))
        canvas.fillRound(onTorso(-h, 0), onTorso(h, 0), paint.bottom)
    }

    /// Cloth around both thighs that follows the knees.
    private func skirt(length: Double, flare: Double) {
        let c = canvas
        let wide = 5.4 * body.limb + flare
        let ends = skeleton.legs.map { $0.top.toward($0.knee, length) }
        let (right, left) = (ends[0] - Point(wide, 0), ends[1] + Point(wide, 0))
        let w = halfWidth(11) + 0.5
        c.move(onTorso(-w, 11))
        c.curve(onTorso(-body.hip - 2, 3), right - Point(-1, 9), right)
        c.curve(ends[0] + Point(0, 3), ends[1] + Point(0, 3), left)
        c.curve(left - Point(1, 9), onTorso(body.hip + 2, 3), onTorso(w, 11))
        c.fillRound(Point(right.x, 0), Point(left.x, 0), paint.bottom)
        for fold in [-0.4, 0.4] {
            c.move(onTorso(fold * body.waist, 4))
            c.line(ends[0].toward(ends[1], 0.5 + fold * 1.1) + Point(0, 1.5))
            c.stroke(paint.bottom.shaded(0.68), width: 1)
        }
    }

    // MARK: Arms

    func arms() {
        let k = body.limb
        let (wide, middle, narrow) = (4.0 * k, 3.5 * k, 2.8 * k)
        for arm in skeleton.arms {
            canvas.ellipse(arm.hand, 3.5 * k, 3.5 * k)
            canvas.fillRound(arm.hand - Point(3.4, 0), arm.hand + Point(3.4, 0), paint.skin)
            if figure.sleeve == .long {
                let cuff = arm.elbow.toward(arm.hand, 0.70)
                canvas.limb(arm.elbow, cuff, middle + 0.9, narrow + 1.0, paint.top.shaded(0.96))
                canvas.limb(arm.shoulder, arm.elbow, wide + 0.9, middle + 0.9, paint.top)
                continue
            }
            canvas.limb(arm.elbow, arm.hand, middle, narrow, paint.skin.shaded(0.97))
            canvas.limb(arm.shoulder, arm.elbow, wide, middle, paint.skin)
            if figure.sleeve == .short {
                let hem = arm.shoulder.toward(arm.elbow, 0.56)
                canvas.limb(arm.shoulder, hem, wide + 1.0, wide + 1.4, paint.top)
            }
        }
    }
}
