"""The credit cards of the practice bank."""

from core.bank import CardProduct

CARDS = (
    CardProduct(
        name="Everyday Cash",
        best_for="cash back",
        annual_fee=0,
        apr="19.9",
        rewards="two percent cash back on groceries and gas, and one percent on the rest",
        min_score=660,
        min_income=25_000_00,
    ),
    CardProduct(
        name="Travel Rewards",
        best_for="travel",
        annual_fee=95_00,
        apr="21.5",
        rewards="three points per dollar on travel and dining, and no foreign transaction fees",
        min_score=700,
        min_income=50_000_00,
    ),
    CardProduct(
        name="Premium World",
        best_for="travel",
        annual_fee=395_00,
        apr="22.9",
        rewards="five points per dollar on flights, lounge access and travel insurance",
        min_score=760,
        min_income=120_000_00,
    ),
    CardProduct(
        name="Low Rate",
        best_for="low interest",
        annual_fee=0,
        apr="12.9",
        rewards="no rewards, but our lowest interest rate",
        min_score=680,
        min_income=30_000_00,
    ),
    CardProduct(
        name="Simple Card",
        best_for="no annual fee",
        annual_fee=0,
        apr="18.5",
        rewards="one percent cash back on everything, with no fees to watch",
        min_score=640,
        min_income=20_000_00,
    ),
    CardProduct(
        name="Fresh Start",
        best_for="building credit",
        annual_fee=25_00,
        apr="24.9",
        rewards="a small limit that grows as you pay on time",
        min_score=0,
        min_income=12_000_00,
    ),
)
