create function logic.import_category(path text) returns uuid
language plpgsql set search_path = '' as $$
declare
  part text;
  place uuid;
  above uuid;
  address text;
begin
  -- One that is there, by whatever it is called; its name in another case is looked for last, since no index has it.
  select c.id into place from shop.categories c
  where c.slug = path or c.name = path or c.id = logic.to_uuid(path) order by c.slug <> path limit 1;
  if place is null and path !~ '[>\\]' then
    select c.id into place from shop.categories c where lower(c.name) = lower(path) limit 1;
  end if;
  if place is not null then
    return place;
  end if;
  for part in
    select btrim(regexp_replace(m.found[1], '\\(.)', '\1', 'g'))
    from regexp_matches(path, '((?:[^\\>]|\\.)+)', 'g') m (found)
  loop
    above := place;
    select c.id into place from shop.categories c where c.name = part;
    if place is null then
      select c.id into place from shop.categories c where lower(c.name) = lower(part) limit 1;
    end if;
    if place is null then
      address := logic.slug(part);
      if address = '' or exists (select from shop.categories c where c.slug = address) then
        address := btrim(address || '-' || left(encode(sha256(convert_to(part, 'UTF8')), 'hex'), 8), '-');
      end if;
      insert into shop.categories (name, slug, parent_id) values (part, address, above) returning id into place;
    elsif (select c.parent_id from shop.categories c where c.id = place) is distinct from above then
      -- Names are unique in the whole tree.
      raise sqlstate '22023' using message = format('the category %s lies elsewhere: %s', part, logic.category_path(place));
    end if;
  end loop;
  return place;
end;
$$;
comment on function logic.import_category is
  'A category by slug, name or id, or by its path from the top, such as Clothing > Shirts, and then made as far as it is not there. In a name of a path, \ goes before > and \.';
