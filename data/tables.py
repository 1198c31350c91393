"""The schema, as SQLAlchemy Core tables. One place, read by the queries, the migrations and the docs.

Why Core and not the ORM: the rows here are facts that are appended and read in batches, and a query one can read
next to its table is easier to hold to account than an object graph. `data/migrations` brings a database here.

Times are RFC 3339 text in UTC with microseconds (`2018-01-01T14:00:00.000000Z`): they sort as text, read alike on SQLite
and PostgreSQL, and never lose their zone. Money is integer minor units. A `person_id` is a random number of ours; the
shop's own customer id stands only in `customers`, sealed: whatever names somebody or holds words is (`data/codec.py`).
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()
Identity = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only for INTEGER

# --- the shop ---------------------------------------------------------------------------------------------------
shop = Table(
    "shop",
    metadata,
    Column("key", String, primary_key=True),  # name of the fact: source (demo | own), clock_offset_s, imported_at, ...
    Column("value", JSON, nullable=False),
)

types = (
    Table(  # product types: what is ranked. From the catalogue's `category`, or the product itself where it has none
        "types",
        metadata,
        Column("type_id", String, primary_key=True),
        Column("title", String, nullable=False),
        Column("category", String, nullable=False),  # the aisle: first part of a category path, else the title
        Column("sensitive", String),  # group of sensitive goods, of shop.toml
        Column("added_at", String, nullable=False),
    )
)

products = Table(
    "products",
    metadata,
    Column("product_id", String, primary_key=True),
    Column("type_id", String, ForeignKey("types.type_id"), nullable=False, index=True),
    Column("title", String, nullable=False),
    Column("price_minor", Integer),
    Column("brand", String),
    Column("stock", Integer),
    Column("sensitive", String),
    Column("added_at", String, nullable=False),
    Column("image", String),  # an https address, or a path on the page's own origin
    Column("contents", Text),  # the label's own words; told word for word or not at all
    Column("contents_at", String),  # when an import last said so
)

offers = Table(  # rows of offers.csv
    "offers",
    metadata,
    Column("offer_id", String, primary_key=True),
    Column("title", String, nullable=False),
    Column("type_id", String, ForeignKey("types.type_id"), index=True),
    Column("product_id", String, ForeignKey("products.product_id")),
    Column("discount_percent", Float),
    Column("discount_minor", Integer),
    Column("starts_on", Date),
    Column("ends_on", Date),
    Column("price_personalized", Boolean, nullable=False, default=False),
)

questions = Table(
    "questions",
    metadata,
    Column("question_id", String, primary_key=True),
    Column("title", String, nullable=False),
    Column("wordings", JSON, nullable=False),
    Column("answer", Text, nullable=False),
    Column("source", String, nullable=False),  # the file's name, told with the answer
    Column("link", String),
)

answers = Table(  # what the staff may say in one go
    "answers",
    metadata,
    Column("answer_id", String, primary_key=True),
    Column("title", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("lang", String),  # of which talks it is meant; absent: of any
)

# --- customers and what they did ---------------------------------------------------------------------------------
customers = Table(
    "customers",
    metadata,
    Column("person_id", Identity, primary_key=True, autoincrement=False),
    Column("customer_key", String, nullable=False, unique=True),  # keyed hash of the shop's own id: to find by
    Column("mail_key", String, index=True),  # keyed hash of the mail address
    Column("body", LargeBinary, nullable=False),  # customer_id, name, email, through the codec
    Column("invented", Boolean, nullable=False, default=False),  # name and mail made up for the demo
    Column("since", String, nullable=False),
)

audit_groups = Table(  # for the fairness audit alone; never a feature, never shown to staff
    "audit_groups",
    metadata,
    Column("person_id", Identity, ForeignKey("customers.person_id"), primary_key=True),
    Column("name", String, primary_key=True),
    Column("value", String, nullable=False),
)

orders = Table(
    "orders",
    metadata,
    Column("order_id", String, primary_key=True),
    Column("person_id", Identity, ForeignKey("customers.person_id"), nullable=False),
    Column("ordered_at", String, nullable=False),
    Column("status", String),
    Column("tracking", String),
    Index("orders_by_person", "person_id", "ordered_at"),
)

order_lines = Table(
    "order_lines",
    metadata,
    Column("line_id", Identity, primary_key=True),
    Column("order_id", String, ForeignKey("orders.order_id"), nullable=False),
    Column("person_id", Identity, nullable=False),
    Column("ordered_on", Date, nullable=False),  # the shop's calendar day
    Column("product_id", String, ForeignKey("products.product_id"), nullable=False),
    Column("quantity", Integer, nullable=False),  # negative: a return
    Column("unit_price_minor", Integer, nullable=False),  # after discount
    Column("discount_minor", Integer, nullable=False, default=0),  # of the whole line
    Column("offer_id", String),
    Column("disputed_at", String),  # "I did not buy this": counts for nothing from then on
    Index("order_lines_by_person", "person_id", "ordered_on"),
    Index("order_lines_by_order", "order_id"),  # an order's contents; without it a scan of the year
    sqlite_autoincrement=True,  # an id is never given again: explanations and corrections name lines by it
)

offer_events = Table(
    "offer_events",
    metadata,
    Column("event_id", Identity, primary_key=True),
    Column("person_id", Identity, ForeignKey("customers.person_id"), nullable=False),
    Column("offer_id", String, nullable=False),
    Column("type_id", String),  # so that an offer that ended still says what it was for
    Column("event", String, nullable=False),  # shown | viewed | clicked | redeemed
    Column("happened_on", Date, nullable=False),
    Column("happened_at", String, nullable=False),
    Column("impression_id", String),  # absent: imported
    Index("offer_events_by_person", "person_id", "happened_on"),
)

page_events = Table(  # browsing; a row exists only if consent stood when it happened
    "page_events",
    metadata,
    Column("event_id", Identity, primary_key=True),
    Column("person_id", Identity, ForeignKey("customers.person_id"), nullable=False),
    Column("kind", String, nullable=False),  # viewed | clicked
    Column("product_id", String),
    Column("page", String, nullable=False),
    Column("happened_on", Date, nullable=False),
    Column("happened_at", String, nullable=False),
    Index("page_events_by_person", "person_id", "happened_on"),
)

# --- consent, control, use ----------------------------------------------------------------------------------------
consent_events = Table(  # append-only; what stands is the last row of a (person, category, purpose)
    "consent_events",
    metadata,
    Column("event_id", Identity, primary_key=True),
    Column("person_id", Identity, ForeignKey("customers.person_id"), nullable=False),
    Column("category", String, nullable=False),
    Column("purpose", String, nullable=False),  # choose | train
    Column("granted", Boolean, nullable=False),
    Column("at", String, nullable=False),
    Column("source", String, nullable=False),  # page | chat | import | signal
    Column("signal", Boolean, nullable=False, default=False),  # Sec-GPC: 1 was sent with it
    Column("simulated", Boolean, nullable=False, default=False),
    Column("notice_version", String, nullable=False),
    Column("lang", String, nullable=False),
    Index("consent_by_person", "person_id", "category", "purpose", "event_id"),
)

consent_refusals = Table(  # "no" to a question, so that it is not asked again (P8)
    "consent_refusals",
    metadata,
    Column("refusal_id", Identity, primary_key=True),
    Column("person_id", Identity, ForeignKey("customers.person_id"), nullable=False, index=True),
    Column("category", String, nullable=False),
    Column("at", String, nullable=False),
)

preferences = Table(  # what the customer told us: acts as a stated rule
    "preferences",
    metadata,
    Column("preference_id", Identity, primary_key=True),
    Column("person_id", Identity, ForeignKey("customers.person_id"), nullable=False, index=True),
    Column("kind", String, nullable=False),  # never_show | like | dislike
    Column("type_id", String, nullable=False),
    Column("at", String, nullable=False),
    UniqueConstraint("person_id", "type_id", name="one_preference_a_type"),
)

uses = Table(  # each time personal data was used, and by whom
    "uses",
    metadata,
    Column("use_id", Identity, primary_key=True),
    Column("person_id", Identity, ForeignKey("customers.person_id"), nullable=False),
    Column("at", String, nullable=False),
    Column("categories", JSON, nullable=False),
    Column("what_for", String, nullable=False),  # one of data/uses.py
    Column("by", String, nullable=False),  # ranker | assistant | staff name
    Column("detail", JSON, nullable=False),
    Index("uses_by_person", "person_id", "at"),
)

impressions = Table(
    "impressions",
    metadata,
    Column("impression_id", String, primary_key=True),
    Column("slate_id", String, nullable=False, index=True),
    Column("person_id", Identity, ForeignKey("customers.person_id")),  # absent: made for nobody
    Column("slot", String, nullable=False),
    Column("position", Integer, nullable=False),  # from 1
    Column("offer_id", String, nullable=False),
    Column("type_id", String, nullable=False),
    Column("channel", String, nullable=False),  # page | chat
    Column("consents", JSON, nullable=False),  # categories with `choose` granted when it was shown
    Column("model_version", String, nullable=False),
    Column("variant", String, nullable=False),
    Column("personalized", Boolean, nullable=False),
    Column("shown_at", String, nullable=False),
    Column("shop_day", Date, nullable=False),
    Column("offer", JSON, nullable=False),  # as it was shown
    Column("explanation", JSON, nullable=False),  # with its evidence, as computed when it was shown
    Index("impressions_by_person", "person_id", "shown_at"),
)

# --- conversations --------------------------------------------------------------------------------------------------
conversations = Table(
    "conversations",
    metadata,
    Column("conversation_id", String, primary_key=True),
    Column("person_id", Identity, ForeignKey("customers.person_id"), index=True),  # absent: a visitor
    Column("locale", String, nullable=False),
    Column("minor", Boolean, nullable=False, default=False),
    Column("state", String, nullable=False),  # bot | waiting | human | closed
    Column("epoch", Integer, nullable=False, default=0),  # every change of owner adds one; a late answer is known by it
    Column("last_seq", Integer, nullable=False, default=0),
    Column("last_number", Integer, nullable=False, default=0),  # counts private notes too
    Column("answered_seq", Integer, nullable=False, default=0),  # customer messages up to here have had their turn
    Column("owed_seq", Integer),  # a message whose turn failed and that is still to be answered
    Column("owed_until", String),  # machine clock
    Column("page_offers", JSON, nullable=False),  # impression ids, in order
    Column("focus", String),  # the impression spoken of last
    Column("zone", String),  # the customer's, as their browser says: to tell them when somebody is here
    Column("awaits", String),  # what the customer's next text is: message | mail | line, and of which handoff
    Column("opened_at", String, nullable=False),
    Column("touched_at", String, nullable=False),
)

conversation_tokens = Table(
    "conversation_tokens",
    metadata,
    Column("token_hash", String, primary_key=True),
    Column("conversation_id", String, ForeignKey("conversations.conversation_id"), nullable=False, index=True),
    Column("speaks_until", Float),  # machine clock, unix seconds: until then it speaks for its customer
    Column("issued_at", Float, nullable=False),
)

messages = Table(
    "messages",
    metadata,
    Column("conversation_id", String, ForeignKey("conversations.conversation_id"), primary_key=True),
    Column("number", Integer, primary_key=True),  # counts everything, private notes too
    Column("seq", Integer),  # what the customer may see, from 1 without a gap
    Column("client_key", String),  # who sent it and the client's own id
    Column("author", String, nullable=False),  # customer | bot | human | system
    Column("author_name", String),
    Column("kind", String, nullable=False),
    Column("lang", String, nullable=False),
    Column("at", String, nullable=False),
    Column("private", Boolean, nullable=False, default=False),
    Column(
        "speaks", Boolean, nullable=False, default=False
    ),  # a customer's token spoke for its customer when it was sent
    Column("body", LargeBinary, nullable=False),  # text, payload, buttons, offers, explanation, through data/codec.py
    UniqueConstraint("conversation_id", "seq", name="one_message_a_seq"),
    UniqueConstraint("conversation_id", "client_key", name="one_message_a_client_id"),
)

disclosures = Table(
    "disclosures",
    metadata,
    Column("conversation_id", String, ForeignKey("conversations.conversation_id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("text_version", String, nullable=False),
    Column("lang", String, nullable=False),
    Column("at", String, nullable=False),
)

reviews = Table(
    "reviews",
    metadata,
    Column("review_id", String, primary_key=True),
    Column("person_id", Identity, ForeignKey("customers.person_id"), index=True),
    Column("conversation_id", String),
    Column("impression_id", String),
    Column("reason_id", String),
    Column("body", LargeBinary, nullable=False),  # the customer's words and the decision's, through the codec
    Column("state", String, nullable=False),  # open | answered
    Column("opened_at", String, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("decided_by", String),
    Column("decided_at", String),
)

corrections = Table(  # order lines that a review is about: disputed, and then decided on by a person
    "corrections",
    metadata,
    Column("review_id", String, ForeignKey("reviews.review_id"), primary_key=True),
    Column(
        "line_id", Identity, primary_key=True, autoincrement=False
    ),  # no foreign key: an import may take the line away
    Column("order_id", String),  # which line it was, should an import take it away and bring it back
    Column("product_id", String),
    Column("state", String, nullable=False),  # open | approved | rejected
)

# --- staff, audit -----------------------------------------------------------------------------------------------------
staff = Table(
    "staff",
    metadata,
    Column("username", String, primary_key=True),
    Column("name", String, nullable=False),  # what customers read
    Column("role", String, nullable=False),  # agent | supervisor | owner
    Column("password_hash", String, nullable=False),
    Column("disabled", Boolean, nullable=False, default=False),
    Column("temporary_until", Float),  # machine clock; set: the password is a temporary one, to be changed at once
)

staff_sessions = Table(
    "staff_sessions",
    metadata,
    Column("token_hash", String, primary_key=True),
    Column("username", String, ForeignKey("staff.username"), nullable=False),
    Column("created_at", Float, nullable=False),  # machine clock, unix seconds
    Column("seen_at", Float, nullable=False),
    Column("device", String, nullable=False, server_default=""),  # "Firefox, Linux"
)

audit = Table(
    "audit",
    metadata,
    Column("audit_id", Identity, primary_key=True, autoincrement=False),  # from 1 without a gap
    Column("at", String, nullable=False),
    Column("actor", String, nullable=False),  # customer | staff:<username> | system
    Column("act", String, nullable=False),
    Column("person_id", Identity),
    Column("object_id", String),
    Column("detail", JSON, nullable=False),
    Column("mac", String, nullable=False),  # of this row and the one before, data/audit.py
)

audit_head = Table(  # where the log ends; one row
    "audit_head",
    metadata,
    Column("head_id", Integer, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("mac", String, nullable=False),
    Column("seal", String, nullable=False),
)
