create function logic.count_facets(filters jsonb) returns json
language plpgsql security definer set search_path = '' as $$
declare
  conditions text := logic.product_conditions(filters);
  counted record := logic.count_products(filters, conditions);
  -- Of more than can be counted in a moment a sample is counted: some pages of the table, always the same ones.
  share numeric := case when counted.is_estimate then counted.total / 10000.0 else 1 end;
  facets json;
begin
  execute format(
    $facets$
    with matching as materialized (
      select p.id, p.category_id, p.price, p.brand, p.average_rating, p.is_in_stock, p.options
      from shop.products p %1$s where %2$s
    ),
    options as (
      select split_part(o.pair, ':', 1) as name, substr(o.pair, strpos(o.pair, ':') + 1) as value, count(*) as n
      from matching m, unnest(m.options) o (pair) group by o.pair
    ),
    bands as (
      select b.low, lead(b.low) over (order by b.low) - 0.01 as high
      from unnest(array[0, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000]::numeric[]) b (low)
    )
    select json_build_object(
      'count', %4$s,
      'category', (
        select coalesce(json_agg(json_build_object('id', c.id, 'name', c.name, 'slug', c.slug, 'count', round(g.n * %3$s))
          order by g.n desc, c.name), '[]')
        from (select m.category_id, count(*) as n from matching m group by m.category_id) g
        join shop.categories c on c.id = g.category_id and c.is_active
      ),
      'brand', (
        select coalesce(json_agg(json_build_object('value', g.brand, 'count', round(g.n * %3$s)) order by g.n desc, g.brand), '[]')
        from (
          select m.brand, count(*) as n from matching m where m.brand <> ''
          group by m.brand order by n desc, m.brand limit 50
        ) g
      ),
      'price', (
        select coalesce(json_agg(json_build_object('price_min', logic.money(g.low), 'price_max', logic.money(g.high),
          'count', round(g.n * %3$s)) order by g.low), '[]')
        from (
          select b.low, b.high, count(*) as n from bands b
          join matching m on m.price >= b.low and (b.high is null or m.price <= b.high)
          group by b.low, b.high
        ) g
      ),
      'options', (
        select coalesce(json_object_agg(g.name, g.values order by g.name), '{}')
        from (
          select o.name, json_agg(json_build_object('value', o.value, 'count', round(o.n * %3$s)) order by o.n desc, o.value)
            as values
          from options o group by o.name
        ) g
      ),
      'rating', (
        select json_agg(json_build_object('min_rating', r.least, 'count', round(r.n * %3$s)) order by r.least desc)
        from (
          select s.least, count(m.id) as n from generate_series(1, 4) s (least)
          left join matching m on m.average_rating >= s.least group by s.least
        ) r
      ),
      'in_stock', (select round(count(*) * %3$s) from matching m where m.is_in_stock)
    )
    $facets$,
    case when share > 1 then format('tablesample system (%s) repeatable (1)', 100 / share) else '' end, conditions, share, counted.total
  ) into facets;
  return case when share > 1 then (facets::jsonb || '{"count_is_estimate": true}')::json else facets end;
end;
$$;
comment on function logic.count_facets is
  'How many of the products that logic.product_filters lets through have which property; from a sample when there are more than 10,000. It looks as owner, as logic.find_products does, and tells nothing but counts and what active categories are called.';
grant execute on function logic.count_facets to anon, customer;
