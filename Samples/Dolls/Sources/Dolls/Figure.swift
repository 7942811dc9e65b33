/// Who a figure is and what it wears: everything that stays while it moves.
public struct Figure: Sendable, Hashable {
    /// A woman or a man.
    public enum Gender: String, CaseIterable, Sendable { case woman, man }
    /// The shape of the hair.
    public enum Hair: String, CaseIterable, Sendable { case short, bob, long, ponytail, bun, curly }
    /// How far sleeves reach.
    public enum Sleeve: String, CaseIterable, Sendable { case sleeveless, short, long }
    /// What covers the upper body; a dress also covers the lower.
    public enum Top: String, CaseIterable, Sendable { case top, cropTop, dress }
    /// What covers the legs; `none` below a dress.
    public enum Bottom: String, CaseIterable, Sendable { case none, pants, shorts, skirt }

    /// A woman or a man.
    public var gender: Gender
    /// The shape of the hair.
    public var hair: Hair
    /// The name of the hair's colour.
    public var hairColor: HairColor
    /// How far sleeves reach.
    public var sleeve: Sleeve
    /// What covers the upper body.
    public var top: Top
    /// The name of the top's colour.
    public var topColor: ClothColor
    /// What covers the legs.
    public var bottom: Bottom
    /// The name of the bottom's colour.
    public var bottomColor: ClothColor
    /// The number of the skin's colour in `skins`.
    public var skinIndex: Int
    /// The colours as drawn: the named ones with some jitter.
    public var paint: Paint
    /// The proportions.
    public var body: Body

    /// Colours as drawn.
    public struct Paint: Sendable, Hashable {
        var skin: Color
        var hair: Color
        var top: Color
        var bottom: Color
        var shoes: Color
        var eyes: Color
        var background: Color
    }

    /// Proportions, in pixels of a picture of 128, or as factors around 1.
    public struct Body: Sendable, Hashable {
        var height: Double
        var shoulder: Double
        var hip: Double
        var waist: Double
        var head: Double
        var limb: Double
        var leg: Double
        var eye: Double
        var mouth: Double
        var brow: Double
    }

    static let skins = [
        Color(0.99, 0.86, 0.76), Color(0.94, 0.75, 0.59), Color(0.80, 0.58, 0.40),
        Color(0.60, 0.40, 0.27), Color(0.40, 0.26, 0.18),
    ]
    static let jitter = 0.03

    /// Draws a figure of a stream.
    init(_ random: inout Randomness) {
        gender = random.happens(0.65) ? .woman : .man
        let isWoman = gender == .woman
        hair =
            isWoman
            ? random.one(of: Hair.allCases) : random.one(of: [(.short, 0.65), (.curly, 0.35)])
        hairColor = random.one(of: HairColor.allCases)
        top =
            isWoman
            ? random.one(of: [(.top, 0.45), (.cropTop, 0.23), (.dress, 0.32)]) : .top
        sleeve = random.one(of: Sleeve.allCases)
        topColor = random.one(of: ClothColor.allCases)
        bottom =
            top == .dress
            ? .none
            : isWoman
                ? random.one(of: [(.pants, 0.36), (.shorts, 0.28), (.skirt, 0.36)])
                : random.one(of: [(.pants, 0.62), (.shorts, 0.38)])
        bottomColor = top == .dress ? topColor : random.one(of: ClothColor.allCases)
        skinIndex = Int(random.next() % UInt64(Self.skins.count))
        let shoeColors: [ClothColor] = [.black, .brown, .white, .red, .blue]
        let topPaint = topColor.color.jittered(Self.jitter, &random)
        let bottomPaint = bottomColor.color.jittered(Self.jitter, &random)
        paint = Paint(
            skin: Self.skins[skinIndex].jittered(0.02, &random),
            hair: hairColor.color.jittered(0.025, &random),
            top: topPaint,
            bottom: top == .dress ? topPaint : bottomPaint,
            shoes: random.one(of: shoeColors).color.jittered(Self.jitter, &random),
            eyes: Color(
                random.uniform(0.08, 0.3),
                random.uniform(0.15, 0.4),
                random.uniform(0.1, 0.5)
            ),
            background: Color(
                hue: random.uniform(0, 1),
                saturation: random.uniform(0.05, 0.20),
                value: random.uniform(0.84, 0.96)
            )
        )
        body = Body(
            height: random.uniform(0.96, 1.02),
            shoulder: isWoman ? random.uniform(11.2, 12.8) : random.uniform(13.4, 15.2),
            hip: isWoman ? random.uniform(9.6, 11.4) : random.uniform(9.2, 10.4),
            waist: isWoman ? random.uniform(7.4, 8.8) : random.uniform(9.0, 10.2),
            head: random.uniform(11.6, 13.2),
            limb: isWoman ? random.uniform(0.92, 1.06) : random.uniform(1.02, 1.16),
            leg: random.uniform(0.98, 1.03),
            eye: random.uniform(0.9, 1.12),
            mouth: random.uniform(0.8, 1.2),
            brow: random.uniform(-0.5, 0.5)
        )
    }

    /// What the figure looks like, in words: the pattern of all captions.
    public var caption: String {
        var words =
            "a photo of a \(gender) with \(hair) \(hairColor) hair wearing a \(sleeveWord) \(topColor) "
        switch top {
        case .top: words += "top"
        case .cropTop: words += "crop top"
        case .dress: words += "dress"
        }
        switch bottom {
        case .none: break
        case .pants, .shorts: words += " and \(bottomColor) \(bottom)"
        case .skirt: words += " and \(bottomColor == .orange ? "an" : "a") \(bottomColor) skirt"
        }
        return words
    }

    private var sleeveWord: String {
        sleeve == .sleeveless ? "sleeveless" : "\(sleeve)-sleeved"
    }
}

/// What a text can change about a figure.
public enum Attribute: Int, CaseIterable, Sendable {
    case hair, hairColor, sleeve, top, topColor, bottom, bottomColor
}

extension Figure {
    /// The attributes that an edit can change on this figure.
    public var editable: [Attribute] {
        Attribute.allCases.filter {
            switch $0 {
            case .hair, .hairColor, .sleeve, .topColor: true
            case .top: gender == .woman && top != .dress
            case .bottom, .bottomColor: top != .dress
            }
        }
    }

    /// The same figure with one attribute changed to another value; a new colour comes without jitter.
    func edited(_ attribute: Attribute, _ random: inout Randomness) -> Figure {
        random.one(of: variants(of: attribute))
    }

    /// The same figure once for every other value of an attribute that its captions can name.
    public func variants(of attribute: Attribute) -> [Figure] {
        func others<Value: Equatable>(
            _ value: Value,
            of all: [Value],
            _ change: (inout Figure, Value) -> Void
        ) -> [Figure] {
            all.filter { $0 != value }.map { other in
                var figure = self
                change(&figure, other)
                return figure
            }
        }
        let isWoman = gender == .woman
        switch attribute {
        case .hair:
            return others(hair, of: isWoman ? Hair.allCases : [.short, .curly]) { $0.hair = $1 }
        case .hairColor:
            return others(hairColor, of: HairColor.allCases) { figure, color in
                (figure.hairColor, figure.paint.hair) = (color, color.color)
            }
        case .sleeve: return others(sleeve, of: Sleeve.allCases) { $0.sleeve = $1 }
        case .top: return others(top, of: [.top, .cropTop]) { $0.top = $1 }
        case .topColor:
            return others(topColor, of: ClothColor.allCases) { figure, color in
                (figure.topColor, figure.paint.top) = (color, color.color)
                if figure.top == .dress {
                    (figure.bottomColor, figure.paint.bottom) = (color, color.color)
                }
            }
        case .bottom:
            let all: [Bottom] = isWoman ? [.pants, .shorts, .skirt] : [.pants, .shorts]
            return others(bottom, of: all) { $0.bottom = $1 }
        case .bottomColor:
            return others(bottomColor, of: ClothColor.allCases) { figure, color in
                (figure.bottomColor, figure.paint.bottom) = (color, color.color)
            }
        }
    }

    /// The value of an attribute, as captions name it.
    public func value(of attribute: Attribute) -> String {
        switch attribute {
        case .hair: hair.rawValue
        case .hairColor: hairColor.rawValue
        case .sleeve: sleeve.rawValue
        case .top: top.rawValue
        case .topColor: topColor.rawValue
        case .bottom: bottom.rawValue
        case .bottomColor: bottomColor.rawValue
        }
    }

    /// The figure as numbers: ten indices of named choices, then colours and proportions.
    public var numbers: [Double] {
        func index<Value: CaseIterable & Equatable>(_ value: Value) -> Double {
            Double(Array(Value.allCases).firstIndex(of: value) ?? 0)
        }
        let choices = [
            index(gender), index(hair), index(hairColor), index(sleeve), index(top),
            index(topColor), index(bottom), index(bottomColor), Double(skinIndex), 0,
        ]
        let colors = [
            paint.skin, paint.hair, paint.top, paint.bottom, paint.shoes, paint.background,
        ]
        let proportions = [
            (body.height - 1) * 20, body.shoulder - 13, body.hip - 10.2, body.waist - 9,
            body.head - 12.4, (body.limb - 1) * 8,
        ]
        return choices + colors.flatMap(\.channels) + proportions
    }
}
