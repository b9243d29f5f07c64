create function logic.category_tree(category text) returns uuid[]
language plpgsql stable set search_path = '' as $$
begin
  return (
    with recursive branch as (
      select c.id from shop.categories c
      where c.slug = category_tree.category or c.id = logic.to_uuid(category_tree.category)
      union
      select c.id from shop.categories c join branch b on c.parent_id = b.id
    )
    select array_agg(b.id) from branch b
  );
end;
$$;
comment on function logic.category_tree is 'A category, by slug or id, and all below it that the caller sees; null when there is none. For `category_id = any (…)`.';
grant execute on function logic.category_tree to anon, customer;
