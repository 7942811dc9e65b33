@main
struct VSDB {
    static func main() {}
}
