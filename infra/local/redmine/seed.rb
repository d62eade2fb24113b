# An operations desk: a project, a field for our reference, and a user who comes in by an API key. Prints what was made
# as JSON. Run by `rails runner` on a database that has its tables and nothing else.
require 'securerandom'

Redmine::DefaultData::Loader.load('en')
Setting.rest_api_enabled = '1'
# Otherwise a wrong key is answered as an anonymous visitor is, not with 401.
Setting.login_required = '1'
Setting.notified_events = []
admin = User.find_by!(login: 'admin')
admin.update!(password: SecureRandom.hex(16), must_change_passwd: false)

role = Role.create!(
  name: 'Integration', issues_visibility: 'all',
  permissions: %i[view_project view_issues add_issues edit_issues add_issue_notes]
)
role.copy_workflow_rules(Role.find_by!(name: 'Manager'))
user = User.new(firstname: 'Integration', lastname: 'User', mail: 'integration@example.com')
user.login = 'integration'
user.password = SecureRandom.hex(16)
user.save!
key = Token.create!(user: user, action: 'api').value

project = Project.create!(
  name: 'Operations', identifier: 'operations', is_public: false,
  enabled_module_names: ['issue_tracking'], trackers: Tracker.sorted.to_a
)
Member.create!(principal: user, project: project, roles: [role])

def field(name, format, **more)
  IssueCustomField.create!(
    name: name, field_format: format, is_for_all: true, is_filter: true, visible: true, editable: true,
    trackers: Tracker.sorted.to_a, **more
  ).id
end

puts({
  api_key: key,
  project: project.identifier,
  tracker: Tracker.find_by!(name: 'Support').id,
  reference_field: field('External reference', 'string', searchable: true),
  amount_field: field('Amount', 'float'),
  currency_field: field('Currency', 'list', possible_values: %w[EUR GBP USD]),
  new_status: IssueStatus.find_by!(name: 'New').id,
  closed_status: IssueStatus.find_by!(name: 'Closed').id
}.to_json)
