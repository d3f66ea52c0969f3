/** DemoBanner marks every page whose data is generated. It prints too. */
export function DemoBanner() {
  return (
    <section className="demo" aria-label="Demo">
      <p>
        <strong>Demo.</strong> This hospital, its people and its devices are made up. Nothing here is kept after Asepsis stops.
      </p>
    </section>
  );
}
