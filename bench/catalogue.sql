-- {count} products with categories, variants, stock, its ledger, customers and reviews, as the tables would have them.
-- By a superuser, in one transaction. Row by row the triggers would take minutes, so they rest, and what they keep is
-- written here; a test compares it with what they would have written.
set local session_replication_role = replica;

insert into shop.categories (name, slug, parent_id)
select 'Aisle ' || top, 'aisle-' || top, null from generate_series(1, 8) top;
insert into shop.categories (name, slug, parent_id)
select format('Shelf %s of %s', below, c.name), format('%s-shelf-%s', c.slug, below), c.id
from shop.categories c, generate_series(1, 5) below where c.slug ~ '^aisle-[0-9]+$';

create temporary table shelves on commit drop as
select row_number() over (order by slug) - 1 as number, id, name from shop.categories where slug ~ '^aisle-[0-9]+-shelf';

insert into shop.products (
  name, slug, description, category_id, brand, price, sku, is_featured, is_active, created_at, updated_at, is_in_stock,
  options, option_pairs, search_document
)
select
  m.name, 'item-' || m.n, m.description, m.category_id, m.brand, 1 + (m.n * 7919::bigint % 50000) / 100.0,
  m.sku, m.n % 50 = 0, m.n % 40 <> 7, m.at, m.at, m.n % 20 <> 3,
  case when m.n % 5 = 0 then '{{color:Clay,color:Moss,size:L,size:S}}'::text[] else '{{}}' end,
  case when m.n % 5 = 0 then '{{"color:Clay,size:L","color:Moss,size:L","color:Moss,size:S"}}'::text[] else '{{}}' end,
  shop.product_document(m.name, m.brand, m.category,
    m.sku || case when m.n % 5 = 0 then format(' %1$s-ClL %1$s-MoL %1$s-MoS', m.sku) else '' end, m.description)
from (select
  n, format('%s %s %s %s', a.words[1 + h.a % 20], a.materials[1 + h.b % 16], a.things[1 + h.c % 40], n) as name,
  format('A %s for the %s, made of %s. Comes with %s and a warranty of %s years.', lower(a.things[1 + h.c % 40]),
    a.rooms[1 + n % 7], lower(a.materials[1 + h.b % 16]), lower(a.things[1 + h.d % 40]), 1 + n % 5) as description,
  a.makers[1 + h.a / 20 % 20] || ' ' || 1 + h.b / 16 % 10 as brand, 'B-' || lpad(n::text, 8, '0') as sku,
  s.id as category_id, s.name as category, now() - make_interval(mins => n) as at
from generate_series(1, {count}) n
cross join (select
  '{{Foldable,Heavy,Light,Round,Square,Tall,Small,Large,Quiet,Warm,Cool,Soft,Solid,Plain,Striped,Vintage,Modern,Nordic,Compact,Classic}}'::text[] as words,
  '{{Oak,Steel,Cotton,Linen,Walnut,Glass,Copper,Leather,Wool,Bamboo,Ceramic,Marble,Brass,Cork,Paper,Felt}}'::text[] as materials,
  '{{Laptop,Lamp,Chair,Table,Shelf,Basket,Bottle,Kettle,Blanket,Pillow,Clock,Mirror,Vase,Mug,Plate,Bowl,Knife,Backpack,Wallet,Umbrella,Scarf,Glove,Jacket,Sweater,Boot,Sandal,Notebook,Pencil,Stapler,Folder,Speaker,Headphone,Camera,Tripod,Keyboard,Monitor,Charger,Cable,Tent,Lantern}}'::text[] as things,
  '{{kitchen,bedroom,office,garden,hall,studio,workshop}}'::text[] as rooms,
  '{{Reed,Harbour,Fjord,Cafe,Ridge,Station,Orbit,Mast,Pocket,Garden,Copper,Lund,Aster,Birch,Cedar,Delta,Ember,Flint,Grove,Heath}}'::text[] as makers
) a
cross join lateral (
  select hashint4(n) & 65535 as a, hashint4(n + 1) >> 8 & 65535 as b, hashint4(n + 2) >> 4 & 65535 as c, hashint4(n + 3) & 65535 as d
) h
join shelves s on s.number = h.d / 40 % 40
) m;
insert into shop.search_words (word)
select distinct l.word from shop.products p, unnest(tsvector_to_array(p.search_document)) l (word)
where l.word ~ '^[[:alpha:]]{{3,40}}$';

insert into shop.product_variants (product_id, name, sku, is_default, is_active)
select p.id, p.name, p.sku, true, right(p.slug, 1) not in ('0', '5') from shop.products p where p.slug ~ '^item-[0-9]+$';
insert into shop.product_variants (product_id, name, sku, price_modifier, attributes)
select p.id, c.color || ' / ' || c.size, p.sku || '-' || left(c.color, 2) || c.size, c.extra,
  jsonb_build_object('color', c.color, 'size', c.size)
from shop.products p
cross join (values ('Moss', 'S', 0), ('Moss', 'L', 2), ('Clay', 'L', 2)) c (color, size, extra)
where p.slug ~ '^item-[0-9]*[05]$';

insert into shop.stock (variant_id, on_hand)
select v.id, case when p.is_in_stock and v.is_active then 40 else 0 end
from shop.product_variants v join shop.products p on p.id = v.product_id where p.slug ~ '^item-[0-9]+$';
insert into shop.stock_movements (variant_id, quantity, reason)
select s.variant_id, s.on_hand, 'initial' from shop.stock s
where s.on_hand > 0 and not exists (select from shop.stock_movements m where m.variant_id = s.variant_id);

insert into shop.customers (email) select format('reader-%s@example.com', n) from generate_series(1, 40) n;
create temporary table readers on commit drop as
select row_number() over (order by email) as number, id from shop.customers where email ~ '^reader-[0-9]+@example.com$';
insert into shop.reviews (product_id, customer_id, rating, title, is_approved)
select p.id, r.id, 1 + (r.number * 3 + length(p.name)) % 5, 'As expected', true
from shop.products p join readers r on r.number <= least(40, 60 / (1 + right(p.slug, 2)::bigint))
where p.slug ~ '^item-[0-9]+[02468]$';
update shop.products p set review_count = r.n, rating_total = r.total
from (select product_id, count(*) as n, sum(rating) as total from shop.reviews group by product_id) r
where r.product_id = p.id;

set local session_replication_role = origin;
